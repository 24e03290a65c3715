/**
 * What a subscription yields, in order: a batch of one queue after the other, each queue in its turn.
 *
 * A cursor stands in the line of those with something to read, waits for its offset (visibility.ts), or is done. Nothing is read before it is asked
 * for, and at most one batch is in hand. Begins at the first request; ends once, by its end, a failure, its signal, the store's close or its
 * consumer, and has then let go of everything. A request that waits is one promise, however often it is woken for nothing. One request
 * at a time: subscription.ts sees to that.
 */
import { Cursor, type CursorOwner, type Source } from './cursor.js';
import { abortError, type StoreError } from './errors.js';
import type { SubscriptionRules } from './subscribeoptions.js';
import type { StoredMessage } from './types/message.js';
import type { Batch } from './types/subscription.js';
import type { Waiting } from './visibility.js';

/** Nothing yet: whoever brings it on calls `#resume`. */
const later: unique symbol = Symbol('later');
const none: readonly StoredMessage[] = [];

export class Feed implements CursorOwner, Waiting {
  readonly source: Source;
  readonly rules: SubscriptionRules;
  isOver = false;
  readonly #cursors: Cursor[];
  /** Those with something to read, linked by `following`. */
  #firstReady: Cursor | undefined;
  #lastReady: Cursor | undefined;
  #doneCount = 0;
  #hasBegun = false;
  /** A read or a pause is under way, which goes on by itself. */
  #isBusy = false;
  /** What wakes it in the middle of its search is found by that search. */
  #isSearching = false;
  /** To be thrown by the next request. */
  #error: unknown;
  #listener: (() => void) | undefined;
  /** Of the request that waits. */
  #resolve: ((batch: Batch | undefined) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  /** In hand: messages of the newest batch that were not yielded. */
  #messages: readonly StoredMessage[] = none;
  #at = 0;
  #current: Cursor | undefined;

  /** Positions are fixed here; nothing else happens before the first request. */
  constructor(source: Source, rules: SubscriptionRules) {
    this.source = source;
    this.rules = rules;
    this.#cursors = rules.queueIds === undefined ? [] : rules.queueIds.map((queueId) => this.#cursorOf(queueId));
    if (rules.queueIds === undefined) this.#addQueues();
  }

  get offsets(): ReadonlyMap<number, number> {
    const { from, queueIds } = this.rules;
    const offsets = new Map<number, number>();
    // Places of queues that are not there yet must not get lost on the way to the next subscription.
    if (queueIds === undefined && typeof from === 'object' && 'offsets' in from) {
      for (const [queueId, offset] of from.offsets) offsets.set(queueId, offset);
    }
    for (const cursor of this.#cursors) if (cursor.hasOffset) offsets.set(cursor.queueId, cursor.offset);
    const next = this.#messages[this.#at];
    if (next !== undefined && this.#current !== undefined) offsets.set(this.#current.queueId, next.offset);
    return offsets;
  }

  /** The next message in hand. */
  message(): StoredMessage | undefined {
    if (this.source.visibility.isClosed) this.end();
    const message = this.#messages[this.#at];
    if (message === undefined) this.#messages = none;
    else this.#at++;
    return message;
  }

  /** The batch's messages are yielded by whoever took it, all at once. */
  handOver(): void {
    this.#messages = none;
  }

  /** The next batch, in hand from now on; undefined at the end. What is in memory comes at once. Rejects, never throws, and only once. */
  next(): Batch | undefined | Promise<Batch | undefined> {
    try {
      if (!this.#hasBegun && !this.isOver) this.#begin();
      const next = this.#advance();
      if (next !== later) return next;
    } catch (error) {
      this.end();
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Yields no more. What was in hand is not counted as yielded. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#error = undefined;
    this.#putBack();
    this.#firstReady = this.#lastReady = undefined;
    const { visibility } = this.source;
    visibility.leave(this);
    for (const cursor of this.#cursors) visibility.remove(cursor);
    if (this.#listener !== undefined) visibility.unlisten(this.rules.topic, this.#listener);
    this.rules.signal?.removeEventListener('abort', this);
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.(undefined);
  }

  cursorWoken(cursor: Cursor): void {
    this.#lineUp(cursor);
    this.#resume();
  }

  fail(error: StoreError): void {
    this.#error = error;
    this.#putBack();
    this.#resume();
  }

  storeClosed(): void {
    this.end();
  }

  /** The signal's. */
  handleEvent(): void {
    this.fail(abortError('follow a subscription', this.rules.signal as AbortSignal));
  }

  #begin(): void {
    this.#hasBegun = true;
    const { rules, source } = this;
    rules.signal?.addEventListener('abort', this, { once: true });
    if (rules.signal?.aborted) this.handleEvent();
    if (rules.queueIds !== undefined || rules.untilEnd) return;
    this.#listener = () => {
      this.#addQueues();
      this.#resume();
    };
    source.visibility.listen(rules.topic, this.#listener);
    this.#addQueues();
  }

  #addQueues(): void {
    const count = this.source.topics.get(this.rules.topic)?.queues.length ?? 0;
    while (this.#cursors.length < count) this.#cursors.push(this.#cursorOf(this.#cursors.length));
  }

  #cursorOf(queueId: number): Cursor {
    const cursor = new Cursor(this, queueId, this.#hasBegun);
    if (cursor.isDone) this.#doneCount++;
    else this.#lineUp(cursor);
    return cursor;
  }

  #lineUp(cursor: Cursor): void {
    if (this.#lastReady === undefined) this.#firstReady = cursor;
    else this.#lastReady.following = cursor;
    this.#lastReady = cursor;
  }

  #firstOfLine(): Cursor | undefined {
    const cursor = this.#firstReady;
    if (cursor === undefined) return undefined;
    this.#firstReady = cursor.following;
    if (this.#firstReady === undefined) this.#lastReady = undefined;
    cursor.following = undefined;
    return cursor;
  }

  #advance(): Batch | undefined | typeof later {
    this.#isSearching = true;
    try {
      return this.#search();
    } finally {
      this.#isSearching = false;
    }
  }

  #search(): Batch | undefined | typeof later {
    const { visibility } = this.source;
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const isAtEnd = this.rules.untilEnd && this.#doneCount === this.#cursors.length;
      if (isAtEnd || visibility.isClosed) this.end();
      if (this.isOver) return undefined;
      if (this.#firstReady === undefined && this.#mustWait()) return later;
      if (visibility.turn.isLong) return this.#goOnAfter(visibility.turn.over(), () => undefined);
      const cursor = this.#firstOfLine();
      if (cursor === undefined) continue;
      const batch = cursor.read();
      if (batch instanceof Promise) return this.#goOnAfter(batch, (found) => this.#took(cursor, found));
      const taken = this.#took(cursor, batch);
      if (taken !== undefined) return taken;
    }
  }

  /** The request goes on when `work` is done; `take` may make a batch of it. */
  #goOnAfter<T>(work: Promise<T>, take: (done: T) => Batch | undefined): typeof later {
    this.#isBusy = true;
    work.then(
      (done) => {
        this.#isBusy = false;
        this.#resume(take(done));
      },
      (error: unknown) => {
        this.#isBusy = false;
        if (!this.isOver) this.#error ??= error;
        this.#resume();
      },
    );
    return later;
  }

  /** Puts the cursor where it belongs, and the batch in hand; a batch that comes too late goes back. */
  #took(cursor: Cursor, batch: Batch | undefined): Batch | undefined {
    if (this.isOver || this.#error !== undefined) {
      if (batch?.messages[0] !== undefined) cursor.goBackTo(batch.messages[0].offset);
      return undefined;
    }
    if (cursor.isDone) this.#doneCount++;
    else if (cursor.isBehind || !this.source.visibility.add(cursor)) this.#lineUp(cursor);
    if (batch === undefined) return undefined;
    this.#messages = batch.messages;
    this.#at = 0;
    this.#current = cursor;
    return batch;
  }

  /** False when something came while it got ready to wait. */
  #mustWait(): boolean {
    const { visibility } = this.source;
    visibility.enter(this);
    if (this.#firstReady === undefined && this.#error === undefined && visibility.failure === undefined) return true;
    visibility.leave(this);
    if (this.#firstReady === undefined) this.#error ??= visibility.failure;
    return false;
  }

  /** The request that waits goes on, with a batch that came or until there is one. */
  #resume(batch?: Batch): void {
    const resolve = this.#resolve;
    const reject = this.#reject;
    if (resolve === undefined || this.#isBusy || this.#isSearching) return;
    this.source.visibility.leave(this);
    try {
      const next = batch ?? this.#advance();
      if (next === later) return;
      // The end has answered already.
      this.#resolve = this.#reject = undefined;
      resolve(next);
    } catch (error) {
      this.#resolve = this.#reject = undefined;
      this.end();
      reject?.(error);
    }
  }

  #putBack(): void {
    const next = this.#messages[this.#at];
    if (next !== undefined) this.#current?.goBackTo(next.offset);
    this.#messages = none;
  }
}

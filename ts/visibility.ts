/**
 * Who waits for which offset of which queue, and is told when it can be read.
 *
 * One wake-up of the engine is looked at once, whoever waits: of the writer's own store only at queues that were appended to and are waited
 * for, which is why an append marks its queue. A read-only store cannot know what another process appended: while somebody waits, it looks
 * at the watermarks every few milliseconds, and at the queues waited for when they have moved. A place (`OffsetWaiter`) may stand here for
 * long; the engine tells, the process stays alive and the clock ticks only while somebody is `Waiting`. A topic that is not there, or was
 * deleted, is waited for by its name. Waking never throws and never appends. One thread.
 */
import { got, status } from './addon.js';
import type { StoreError } from './errors.js';
import type { Session } from './session.js';
import { queueNumbers } from './topicinfo.js';
import type { QueueState, TopicState, Topics } from './topics.js';
import type { Turn } from './turn.js';

/** How often a read-only store that somebody waits for looks at what its writer has published. */
export const pollMillis = 5;

/** A place in a queue that is waited for. */
export interface OffsetWaiter {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  /** Where it stands while it is here: `Visibility` writes it. */
  place: Set<OffsetWaiter> | undefined;
  /** The offset can be read, or lies before the first one that can. It is not here any more. */
  wake(): void;
}

/** Somebody who has nothing else to do. */
export interface Waiting {
  /** Nothing more will become visible. */
  fail(error: StoreError): void;
  storeClosed(): void;
}

/** A queue that somebody waits for. */
export class QueueWatch {
  readonly queue: QueueState;
  readonly waiters: Set<OffsetWaiter> = new Set();
  isTouched = false;
  readonly #touched: QueueWatch[];

  constructor(queue: QueueState, touched: QueueWatch[]) {
    this.queue = queue;
    this.#touched = touched;
  }

  /** It has to be looked at: something was appended, and is not visible yet. */
  touch(): void {
    if (this.isTouched) return;
    this.isTouched = true;
    this.#touched.push(this);
  }
}

export class Visibility {
  readonly turn: Turn;
  isClosed = false;
  /** Why nothing will become visible any more. */
  failure: StoreError | undefined;
  readonly #session: Session;
  readonly #topics: Topics;
  readonly #isReadOnly: boolean;
  readonly #touched: QueueWatch[] = [];
  /** By topic: places in queues that are not there. */
  readonly #unknown = new Map<string, Set<OffsetWaiter>>();
  /** By topic: who wants to know of its queues. */
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #waiting = new Set<Waiting>();
  #changed: TopicState[] = [];
  #timer: NodeJS.Timeout | undefined;
  #seenVisible = -1;

  constructor(session: Session, topics: Topics, isReadOnly: boolean) {
    this.#session = session;
    this.turn = session.turn;
    this.#topics = topics;
    this.#isReadOnly = isReadOnly;
    topics.onChange = (topic) => this.#topicChanged(topic);
  }

  /** False when it need not wait: the offset is visible, or lies before the first one that is. */
  add(waiter: OffsetWaiter): boolean {
    const queue = this.#topics.get(waiter.topic)?.queues[waiter.queueId];
    if (queue === undefined) {
      waiter.place = setAt(this.#unknown, waiter.topic).add(waiter);
      return true;
    }
    const { maxOffset, nextOffset } = queueNumbers(queue, this.#topics, this.#session);
    if (waiter.offset < maxOffset) return false;
    queue.watch ??= new QueueWatch(queue, this.#touched);
    waiter.place = queue.watch.waiters.add(waiter);
    if (maxOffset < nextOffset || this.#isReadOnly) queue.watch.touch();
    return true;
  }

  remove(waiter: OffsetWaiter): void {
    const { place } = waiter;
    waiter.place = undefined;
    if (place === undefined || !place.delete(waiter) || place.size > 0) return;
    const { topic, queueId } = waiter;
    if (this.#unknown.get(topic) === place) this.#unknown.delete(topic);
    const queue = this.#topics.get(topic)?.queues[queueId];
    if (queue?.watch?.waiters === place && !queue.watch.isTouched) queue.watch = undefined;
  }

  /** `listener` is called after the queues of the topic changed: made, added to, deleted. */
  listen(topic: string, listener: () => void): void {
    setAt(this.#listeners, topic).add(listener);
  }

  unlisten(topic: string, listener: () => void): void {
    const listeners = this.#listeners.get(topic);
    if (listeners?.delete(listener) && listeners.size === 0) this.#listeners.delete(topic);
  }

  /** Whose places stand here has nothing else to do. They may be woken before this returns. */
  enter(waiting: Waiting): void {
    this.#waiting.add(waiting);
    if (this.#waiting.size === 1) {
      this.#session.hold(1);
      if (this.#isReadOnly) this.#timer = setInterval(() => this.#poll(), pollMillis);
      else this.#session.addon.watch(this.#session.id, true);
      if (this.#isReadOnly) this.#poll();
    }
    this.look();
  }

  leave(waiting: Waiting): void {
    if (!this.#waiting.delete(waiting) || this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    if (!this.#isReadOnly) this.#session.addon.watch(this.#session.id, false);
    this.#session.hold(-1);
  }

  /** What is visible may have moved. */
  look(): void {
    if (this.#touched.length === 0 || this.#isReadOnly) return;
    this.#lookAtTouched();
  }

  /** The log failed: what is visible stays, and no more comes. */
  fail(failure: StoreError): void {
    this.failure = failure;
    this.#failWaiting(failure);
  }

  close(): void {
    this.isClosed = true;
    for (const waiting of [...this.#waiting]) waiting.storeClosed();
  }

  #failWaiting(error: StoreError): void {
    for (const waiting of [...this.#waiting]) waiting.fail(error);
  }

  /** Takes in what the writer has published since. */
  #poll(): void {
    const { addon, id } = this.#session;
    const code = addon.follow(id);
    if (code !== status.ok) {
      this.#failWaiting(this.#session.error(code, { doing: 'follow the writer' }));
      return;
    }
    addon.marks(id);
    const visible = this.#session.number(got.visible);
    if (visible === this.#seenVisible) return;
    this.#seenVisible = visible;
    if (this.#unknown.size > 0 || this.#listeners.size > 0) this.#topics.discover();
    this.#lookAtTouched();
  }

  #lookAtTouched(): void {
    this.turn.begin();
    for (const watch of this.#touched.splice(0)) {
      const { queue, waiters } = watch;
      const { maxOffset, nextOffset } = queueNumbers(queue, this.#topics, this.#session);
      watch.isTouched = false;
      // Whoever reads at once and waits further on comes by here again, and stays.
      for (const waiter of waiters) if (waiter.offset < maxOffset) wake(waiter);
      if (waiters.size === 0) {
        if (queue.watch === watch) queue.watch = undefined;
      } else if (maxOffset < nextOffset || this.#isReadOnly) watch.touch();
    }
  }

  /** Not in this turn of whoever changes it: an append that makes its topic is in the middle of its own work. */
  #topicChanged(topic: TopicState): void {
    if (this.#changed.push(topic) === 1) queueMicrotask(() => this.#applyChanges());
  }

  #applyChanges(): void {
    const changed = this.#changed;
    this.#changed = [];
    if (this.isClosed) return;
    for (const { name, isDeleted, queues } of changed) {
      if (isDeleted) for (const { watch } of queues) if (watch !== undefined) this.#addAgain(watch.waiters);
      const unknown = this.#unknown.get(name);
      this.#unknown.delete(name);
      if (unknown !== undefined) this.#addAgain(unknown);
      for (const listener of this.#listeners.get(name) ?? []) listener();
    }
  }

  #addAgain(waiters: Set<OffsetWaiter>): void {
    for (const waiter of [...waiters]) {
      waiters.delete(waiter);
      waiter.place = undefined;
      if (!this.add(waiter)) waiter.wake();
    }
  }
}

function wake(waiter: OffsetWaiter): void {
  waiter.place?.delete(waiter);
  waiter.place = undefined;
  waiter.wake();
}

function setAt<T>(map: Map<string, Set<T>>, name: string): Set<T> {
  let set = map.get(name);
  if (set === undefined) {
    set = new Set();
    map.set(name, set);
  }
  return set;
}

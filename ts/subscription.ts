/**
 * A subscription as its consumer holds it: an iterator over messages, or over batches, and the offsets to resume from.
 *
 * `next` is written by hand: a message that is in hand costs a promise that is settled already, and no more. Calls of `next` that overlap are
 * answered in their order. Everything else is the feed's (feed.ts).
 */

import type { Source } from './cursor.js';
import { storeError } from './errors.js';
import { Feed } from './feed.js';
import { checkSubscription } from './subscribeoptions.js';
import type { StoredMessage } from './types/message.js';
import type { Batch, SubscribeOptions, Subscription } from './types/subscription.js';

abstract class FeedIterator<T> implements AsyncIterableIterator<T> {
  protected readonly feed: Feed;
  /** The newest call of `next` that is not settled. */
  #pending: Promise<IteratorResult<T>> | undefined;

  constructor(feed: Feed) {
    this.feed = feed;
  }

  /** What can be yielded without asking for a batch. */
  protected abstract inHand(): T | undefined;
  /** The first thing to yield of the batch that has just come. */
  protected abstract firstOf(batch: Batch): T | undefined;

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#pending !== undefined) return this.#nextAfter(this.#pending);
    const value = this.inHand();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    const batch = this.feed.next();
    return batch instanceof Promise ? this.#remember(batch) : Promise.resolve(this.#result(batch));
  }

  async return(): Promise<IteratorResult<T>> {
    this.feed.end();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<T>> {
    this.feed.end();
    throw error;
  }

  #nextAfter(pending: Promise<unknown>): Promise<IteratorResult<T>> {
    const step = async (): Promise<IteratorResult<T>> => {
      const value = this.inHand();
      return value === undefined ? this.#result(await this.feed.next()) : { value, done: false };
    };
    const request = pending.then(step, step);
    const forget = (): void => this.#forget(request);
    request.then(forget, forget);
    this.#pending = request;
    return request;
  }

  #remember(batch: Promise<Batch | undefined>): Promise<IteratorResult<T>> {
    const request = batch.then(
      (later) => {
        this.#forget(request);
        return this.#result(later);
      },
      (error: unknown) => {
        this.#forget(request);
        throw error;
      },
    );
    this.#pending = request;
    return request;
  }

  #forget(request: Promise<unknown>): void {
    if (this.#pending === request) this.#pending = undefined;
  }

  #result(batch: Batch | undefined): IteratorResult<T> {
    const value = batch === undefined ? undefined : this.firstOf(batch);
    return value === undefined ? { value: undefined, done: true } : { value, done: false };
  }
}

class MessageIterator extends FeedIterator<StoredMessage> {
  protected inHand(): StoredMessage | undefined {
    return this.feed.message();
  }
  protected firstOf(): StoredMessage | undefined {
    return this.feed.message();
  }
}

class BatchIterator extends FeedIterator<Batch> {
  protected inHand(): undefined {}
  protected firstOf(batch: Batch): Batch {
    this.feed.handOver();
    return batch;
  }
}

class StoreSubscription implements Subscription {
  readonly #feed: Feed;
  #isTaken = false;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  get offsets(): ReadonlyMap<number, number> {
    return this.#feed.offsets;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<StoredMessage> {
    this.#take();
    return new MessageIterator(this.#feed);
  }

  batches(): AsyncIterableIterator<Batch> {
    this.#take();
    return new BatchIterator(this.#feed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feed.end();
  }

  #take(): void {
    if (this.#isTaken) {
      throw storeError(
        'INVALID_ARGUMENT',
        'A subscription has one consumer: it is iterated already. Subscribe once more for another.',
      );
    }
    this.#isTaken = true;
  }
}

/** Fixes where the subscription starts. INVALID_ARGUMENT, UNSUPPORTED. */
export function subscribe(source: Source, options: SubscribeOptions): Subscription {
  return new StoreSubscription(new Feed(source, checkSubscription(options, source)));
}

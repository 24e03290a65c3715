/** Subscriptions: what is followed and from where, what comes, and how one ends. */
import type { StoredMessage } from './message.js';
import type { LostMessages, ReadOptions, ReadResult } from './read.js';

/** What to follow. The fields of `ReadOptions` bound each read. */
export interface SubscribeOptions extends ReadOptions {
  /** An unknown topic is waited for. */
  topic: string;
  /** Default: every queue of the topic, also those added while running; order holds within each queue. */
  queueId?: number | readonly number[] | undefined;
  /**
   * Fixed when `subscribe` is called; default `earliest`. `offset`: one queue only. A queue absent from `offsets`, and one that is added later,
   * starts at `earliest`. `timestamp`: the first message stored at or after it, of those there are; a queue added later starts at its first one.
   */
  from?: 'earliest' | 'latest' | { offset: number } | { timestamp: number } | { offsets: ReadonlyMap<number, number> } | undefined;
  /** End when what was visible at the start has been read, instead of waiting for more. */
  untilEnd?: boolean | undefined;
  /** Default `throw` (CORRUPTION). A function is told, then reading goes on behind the loss. */
  onLost?: 'throw' | ((lost: LostMessages & { topic: string; queueId: number }) => void) | undefined;
  /** The offset is gone, or not there yet. Default `throw` (OFFSET_OUT_OF_RANGE). */
  onOutOfRange?: 'throw' | 'earliest' | 'latest' | undefined;
  /** Makes the iteration throw ABORTED. Closing the store ends it normally. */
  signal?: AbortSignal | undefined;
}

/** What one read of one queue returned: at least one message. */
export interface Batch extends ReadResult {
  readonly topic: string;
  readonly queueId: number;
}

/** Yields one message at a time; `batches()` yields what one read returned. One consumer: a second iterator is INVALID_ARGUMENT. Leaving the loop frees everything. */
export interface Subscription extends AsyncIterable<StoredMessage>, AsyncDisposable {
  batches(): AsyncIterableIterator<Batch>;
  /** Next offset of each queue, past what was yielded or filtered out: what a consumer commits. A new map at each access. */
  readonly offsets: ReadonlyMap<number, number>;
}

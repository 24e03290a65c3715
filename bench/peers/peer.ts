/**
 * What a peer is asked and answers: JSON, one object a line, on the standard input and output of a process of its own.
 *
 * A peer is another store that someone could take instead of this one, used the way its own documentation calls fastest, at the same
 * durability. On start it prints a `Hello`; then it answers each `Order` with one `Reply`, in order; after `close` it ends. What it cannot do it
 * answers with `unsupported`, never with a figure for something else. Whatever it logs goes to standard error.
 */
import type { Sample } from '../figures.js';

export interface Hello {
  /** One word: `rocketmq`. */
  readonly peer: string;
  readonly version: string;
  /** How it is set up, in one line for the reader. */
  readonly configuration: string;
}

export type Order = AppendOrder | ReadOrder | FillOrder | OpenOrder | CloseOrder;

/**
 * Appends for `millis` or until `mostBytes` of bodies, after `warmBytes` unmeasured, to a new store in `directory`, which is removed again.
 *
 * `each`: one call a message. `batch`: its best batch call, `batchSize` messages or the peer's own unit. Async: durable when the
 * operating system likes. Sync: an append counts once it is on the device; `inFlight` of them wait at any time, from as few threads as
 * the peer needs. Bodies are random bytes. Answer: messagesPerSecond, bodyBytesPerSecond, diskBytesPerMessage (blocks that the files hold
 * beyond an empty store, by what was written, where that can be told); sync also: p50Micros, p99Micros.
 */
export interface AppendOrder {
  readonly order: 'append';
  readonly directory: string;
  readonly durability: 'async' | 'sync';
  readonly way: 'each' | 'batch';
  readonly batchSize: number;
  readonly bodyBytes: number;
  readonly queues: number;
  readonly inFlight: number;
  /** A key of its own for each message. */
  readonly hasKeys: boolean;
  readonly millis: number;
  readonly warmBytes: number;
  readonly mostBytes: number;
  /** So many threads that each wait for their own appends; without it as few as the peer is fastest with. */
  readonly threads?: number;
}

/** Reads a store of one queue, filled before and in the page cache, from its begin, checking what it checks, each body copied out and touched. */
export interface ReadOrder {
  readonly order: 'read';
  readonly directory: string;
  readonly bodyBytes: number;
  /** Bodies that the store is filled with at the first such order. */
  readonly bytes: number;
  readonly millis: number;
}

/** Fills `directory`; the process is then killed or told to close. Answer: millis, bodyBytes written. */
export interface FillOrder {
  readonly order: 'fill';
  readonly directory: string;
  readonly bodyBytes: number;
  readonly bytes: number;
  readonly queues: number;
}

/** Opens what a fill left in `directory` until it could serve, in a fresh process. Answer: openMillis. */
export interface OpenOrder {
  readonly order: 'open';
  readonly directory: string;
}

export interface CloseOrder {
  readonly order: 'close';
}

export type Reply =
  | { readonly sample: Sample }
  | { readonly unsupported: string }
  | { readonly error: string }
  | { readonly closed: true };

/**
 * What the orders of peer.ts need of a store that is an npm package (or Node's own `fs`). Each file beside this one makes one such
 * store; orders.ts does the rest, the same for all of them: messages, time, latency, sizes of files.
 */
import type { AppendOrder, Hello } from '../peer.js';

/** A kind of store: what it says of itself, and how one is opened. */
export interface Kind extends Hello {
  /** Why it cannot do an order; undefined when it can. */
  refuses(order: AppendOrder): string | undefined;
  /** In an empty directory, or in one that the same kind left, also when it was killed. */
  open(setup: Setup): Promise<PeerStore>;
}

export interface Setup {
  readonly directory: string;
  readonly durability: 'async' | 'sync';
  readonly hasKeys: boolean;
  readonly queues: number;
  /** Bodies that will be appended at most. */
  readonly mostBytes: number;
  readonly bodyBytes: number;
}

/**
 * The message to append next: fields that change with `advance`, so that no object is made for each. Whoever appends reads them before
 * the next `advance`. A store finds a message by queue and sequence, which grows by one from message to message of its queue.
 */
export interface Feed {
  readonly queue: number;
  readonly sequence: number;
  /** Empty: it has none. */
  readonly key: string;
  readonly body: Buffer;
  advance(): void;
}

export interface PeerStore {
  readonly each: CallWay | GroupWay;
  /** Messages that one batch has when the order's own number is smaller and more may wait. */
  readonly bestBatch: number;
  /** Appends so many, and resolves or returns when they are acknowledged. */
  batch(feed: Feed, count: number): Promise<unknown> | undefined;
  /** Whether the files tell what a message takes. */
  readonly tellsSize: boolean;
  /** Goes through queue 0 from its begin, giving each body, a copy of it, until told to stop: `take` returns false. */
  read(take: (body: Uint8Array) => boolean): Promise<void>;
  /** Whether it could go on: finds the end of queue 0. Messages in it. */
  count(): Promise<number>;
  close(): Promise<void>;
}

/** Each call is acknowledged by its own promise. */
export interface CallWay {
  readonly kind: 'call';
  put(feed: Feed): Promise<unknown>;
}

/** Calls that wait together: acknowledged by the commit behind them. */
export interface GroupWay {
  readonly kind: 'group';
  begin(): void;
  put(feed: Feed): void;
  commit(): Promise<unknown> | undefined;
}

/** Appending: what an acknowledgement means, how to ask for it, and what one gets. */

/**
 * What an acknowledgement means.
 * - `written`: handed to the operating system; survives the death of this process.
 * - `durable`: a successful fdatasync covers it; survives power loss on this machine.
 * - `replicated`: not supported yet (UNSUPPORTED). The replication hook has confirmed it; survives the loss of this machine.
 */
export type Durability = 'written' | 'durable' | 'replicated';

/** How to wait for an append. */
export interface AppendOptions {
  /** Which level to wait for; default: `durable` when `flush` is `sync`, else `written`. */
  durability?: Durability | undefined;
  /** Give up waiting this long (milliseconds) after the call: FLUSH_TIMEOUT, `stored: 'yes'`. Default: no limit. */
  timeoutMs?: number | undefined;
  /** Aborted before the call: nothing is appended. Later: stops only the wait (`stored: 'yes'`, `details.receipt`). */
  signal?: AbortSignal | undefined;
}

/** Proof of an append. */
export interface Receipt {
  readonly topic: string;
  readonly queueId: number;
  /** Its number in its queue. */
  readonly offset: number;
  /** Its byte position in the commit log. */
  readonly position: number;
  /** Bytes of the whole record. */
  readonly size: number;
  readonly storeTimestamp: number;
  /** RocketMQ's offsetMsgId. */
  readonly messageId: string;
  /** The level that had been reached when the promise resolved (may be higher than asked for). */
  readonly durability: Durability;
}

/** Byte positions: everything below has the property. Each only ever grows, and `first` with retention. A frozen snapshot. */
export interface Watermarks {
  readonly first: number;
  readonly written: number;
  readonly durable: number;
  /** Equals `durable` while there is no replication. */
  readonly replicated: number;
  /** Readers see nothing at or above this. */
  readonly visible: number;
}

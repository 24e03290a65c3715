/** Sending records to a socket as they stand in the log. */
import type { ReadOptions, ReadResult } from './read.js';

/** What a transfer is going to send. */
export interface TransferPlan extends Omit<ReadResult, 'messages'> {
  readonly messages: number;
  /** Of the records, without the header. */
  readonly bytes: number;
}

/** What to send: as a read, and what goes before it. */
export interface TransferOptions extends ReadOptions {
  /**
   * Called exactly once when it is this transfer's turn to write, also when nothing matched; what it returns is sent before the records, and must
   * not be changed until then. Returning undefined sends nothing at all. A broker puts its frame header here. What it throws, `transfer` rejects
   * with; nothing is sent then.
   */
  header?: ((plan: TransferPlan) => Uint8Array | undefined) | undefined;
  /** Before the first byte: ABORTED, and the socket goes on with what was written behind. Later the socket is destroyed. */
  signal?: AbortSignal | undefined;
}

/** What was sent, and how. */
export interface TransferResult extends TransferPlan {
  /** How the bytes went: straight from the page cache, gathered from memory, through JavaScript (TLS, pipes), or nothing was sent. */
  readonly path: 'sendfile' | 'writev' | 'copy' | 'none';
}

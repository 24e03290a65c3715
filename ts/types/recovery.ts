/** What a store tells about itself: what opening it found, and its counters. */
import type { LostRange } from './read.js';

/** What `open` found and did. */
export interface RecoveryReport {
  readonly cleanShutdown: boolean;
  readonly scannedBytes: number;
  readonly recoveredMessages: number;
  /** First position cut, undefined when nothing was. Messages there may have been acknowledged as `written`, never as `durable`. */
  readonly truncatedFrom: number | undefined;
  /** Bytes of an unfinished tail that were cut and zeroed. */
  readonly truncatedBytes: number;
  readonly rebuiltQueueEntries: number;
  /** Keys that the index lacked and had again when `open` resolved. More than 4 MiB of log are left to the background: `indexBacklogBytes` of `stats`. */
  readonly rebuiltIndexEntries: number;
  /** The whole loss map: damage below the durable watermark, kept, never silently skipped. */
  readonly lost: readonly LostRange[];
  /** What this open added to it. */
  readonly newlyLost: readonly LostRange[];
  readonly durationMs: number;
}

/** Counters since open and gauges, plain numbers; names are stable, more may come. */
export interface StoreStats {
  readonly [name: string]: number;
  readonly appendedMessages: number;
  readonly appendedBytes: number;
  readonly readMessages: number;
  readonly readBytes: number;
  readonly pendingBytes: number;
  readonly flushes: number;
  readonly flushedMessages: number;
  readonly flushNanosTotal: number;
  readonly flushNanosMax: number;
  readonly diskBytes: number;
  readonly diskFreeBytes: number;
  readonly openFiles: number;
  readonly lostBytes: number;
}

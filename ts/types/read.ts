/** Reading: how much to read, what comes back, and how a loss is told. */
import type { StoredMessage } from './message.js';

/** Bounds of one read. */
export interface ReadOptions {
  /** At most this many messages; default 32. */
  maxMessages?: number | undefined;
  /** At most this many bytes of whole records, but at least one message; default 256 KiB. */
  maxBytes?: number | undefined;
  /**
   * Only messages whose tag is one of these: `'a || b'` (spaces around a tag and empty items are dropped), or a list of tags taken as they are;
   * `'*'` or nothing: all. Never a false positive; a message without a tag matches no named one.
   */
  tags?: string | readonly string[] | undefined;
  /** Look at no more than this many queue entries; default 16 384. Then `nextOffset` says where to go on. */
  maxScanned?: number | undefined;
}

/** A range of the commit log that cannot be read: `from` inclusive, `to` exclusive, in bytes. */
export interface LostRange {
  readonly from: number;
  readonly to: number;
  readonly file: string;
  readonly reason: 'checksum' | 'structure' | 'missing-file' | 'io-error';
}

/** Messages of one queue that a read stepped over because damage destroyed them: `fromOffset` inclusive, `toOffset` exclusive. */
export interface LostMessages {
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly ranges: readonly LostRange[];
}

/** What one read found. */
export interface ReadResult {
  readonly messages: readonly StoredMessage[];
  /** Where to go on reading: past everything looked at, filtered out or lost. */
  readonly nextOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  /** As RocketMQ names it; the offsets say what to do. MESSAGE_LOST only when there is no message to return before the loss ends the read. */
  readonly status:
    | 'FOUND'
    | 'NO_MATCHED_MESSAGE'
    | 'NO_MESSAGE_IN_QUEUE'
    | 'NO_MATCHED_LOGIC_QUEUE'
    | 'OFFSET_TOO_SMALL'
    | 'OFFSET_OVERFLOW_ONE'
    | 'OFFSET_OVERFLOW_BADLY'
    | 'MESSAGE_WAS_REMOVING'
    | 'MESSAGE_LOST';
  /** What this read stepped over; empty in a healthy store. */
  readonly lost: readonly LostMessages[];
}

/** What `findByKey` looks for beside the key. */
export interface KeyQuery {
  /** Store-time window, inclusive, in milliseconds; default: all. */
  begin?: number | undefined;
  end?: number | undefined;
  /** Newest first; default 32, at most 1024. */
  maxMessages?: number | undefined;
}

/** Whole records as they stand on disk, back to back: for brokers whose stream is not a plain socket. */
export interface RawReadResult extends Omit<ReadResult, 'messages'> {
  readonly bytes: Buffer;
  /** How many records `bytes` holds. */
  readonly messages: number;
}

/** What a store can be told when it is opened. Validated once, in ts/options.ts: an unknown or misspelt name is INVALID_OPTIONS. */
import type { StoreError } from '../errors.js';

/** Options of `MessageStore.open`. Sizes are bytes, times milliseconds. */
export interface StoreOptions {
  /**
   * Default `sync`: group commit, an append waits for fdatasync. `async`: an append waits for the operating system only; fdatasync every
   * `intervalMs` (500) or `maxUnflushedBytes` (16 MiB). In a sync store what was appended as `written` is synced within `intervalMs`.
   */
  flush?:
    | 'async'
    | 'sync'
    | { mode: 'async' | 'sync'; intervalMs?: number | undefined; maxUnflushedBytes?: number | undefined }
    | undefined;
  /** From when readers see a message. Default `durable` with sync flush, else `written`. With `durable` no reader sees what a crash can take back. */
  visibility?: 'written' | 'durable' | undefined;
  commitLog?:
    | {
        /** Bytes of one file, a multiple of 4096. Default: what the store was made with; for a new one 1 GiB. Another value for an existing store is INVALID_OPTIONS. */
        fileBytes?: number | undefined;
        /** Largest body, as it is given and as `StoredMessage.body` makes it of a compressed one; default 4 MiB, at most 128 MiB. */
        maxMessageBytes?: number | undefined;
        /** How records reach the file: `pwrite` (default) or stores through the mapping. Bytes on disk are the same. */
        writeMode?: 'pwrite' | 'mapped' | undefined;
      }
    | undefined;
  /** Entries of 20 bytes in one file. Default: what the store was made with; for a new one 300 000. */
  consumeQueue?: { entriesPerFile?: number | undefined } | undefined;
  /**
   * The key index; default on, made at the first key. A file has 5 000 000 slots and 20 000 000 entries (sparse; 420 MB when full), or what the
   * index was made with; with other numbers it is made again in the background. `tags`: index tags too (as the key `T#tag`), as RocketMQ 5.5
   * does; default false.
   */
  index?:
    | boolean
    | { slotsPerFile?: number | undefined; entriesPerFile?: number | undefined; tags?: boolean | undefined }
    | undefined;
  /** Compress bodies of at least `minBytes` (default 4096) when that saves an eighth; default off. Reading needs no option. */
  compression?: 'lz4' | { type: 'lz4'; minBytes?: number | undefined } | undefined;
  /** Bound on appends not yet acknowledged: record bytes + 512 each; default 64 MiB. Beyond it `append` rejects with BUSY. One larger batch is accepted when nothing is pending. */
  maxPendingBytes?: number | undefined;
  /** Make a topic on first append, with `defaultQueues` queues (default 1). Default true; false: UNKNOWN_TOPIC. */
  autoCreateTopics?: boolean | undefined;
  /** Queues of a topic that is made without saying how many; default 1. */
  defaultQueues?: number | undefined;
  /** `address:port` (IPv6 in brackets) in each record and messageId; default 127.0.0.1:0. */
  storeHost?: string | undefined;
  /** Look, never touch: no lock, no recovery writes. Works beside a live writer. */
  readOnly?: boolean | undefined;
  /** Default true; false with `readOnly`. */
  createIfMissing?: boolean | undefined;
  /** Default false. */
  errorIfExists?: boolean | undefined;
  /** Check records when they are read or sent: every time, the first time after open (default), or not. */
  verify?: 'always' | 'first' | 'never' | undefined;
  /** Newly found damage below the durable watermark: `report` (default) serves the rest; `refuse` rejects with CORRUPTION before anything is written. */
  onDamage?: 'report' | 'refuse' | undefined;
  /** Called during recovery, a few times a second. */
  onRecoveryProgress?:
    | ((progress: { phase: 'sync' | 'scan' | 'truncate' | 'queues' | 'index'; bytesDone: number; bytesTotal: number }) => void)
    | undefined;
  /** Gives up opening; recovery goes on at the next open. */
  signal?: AbortSignal | undefined;
  /** Background failures (flush, preallocation): the store has already acted on them. Default: logger.error; without a logger, process.emitWarning. */
  onBackgroundError?: ((error: StoreError) => void) | undefined;
  /** Injected for tests; default Date.now. */
  clock?: (() => number) | undefined;
  logger?: Pick<Console, 'debug' | 'info' | 'warn' | 'error'> | undefined;
  /** Not supported yet: UNSUPPORTED when set; so are `compaction` and `replication`. */
  retention?: never;
  compaction?: never;
  replication?: never;
}

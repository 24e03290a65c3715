/**
 * The one error class of the package, and how errors are made: by code (`storeError`), from a status number of the engine
 * (`statusError`), and from an error of node:fs (`systemError`).
 *
 * The engine hands out numbers only (native/engine/status.h): the table below has a row for each, and this is the only place that gives
 * them words. A number without a row comes from a binary of another version, and the message says so. A message names the argument, file or
 * position and says what to do. Errors are values: nothing here throws, logs or keeps state.
 */
import { getSystemErrorMap } from 'node:util';

import type { Receipt } from './types/append.js';

/** New codes may come in a minor release: switch with a default. */
export type StoreErrorCode =
  | 'NOT_OPEN'
  | 'LOCKED'
  | 'READ_ONLY'
  | 'INVALID_OPTIONS'
  | 'INVALID_ARGUMENT'
  | 'UNSUPPORTED'
  | 'UNKNOWN_TOPIC'
  | 'UNKNOWN_QUEUE'
  | 'OFFSET_OUT_OF_RANGE'
  | 'MESSAGE_TOO_LARGE'
  | 'PROPERTIES_TOO_LARGE'
  | 'BUSY'
  | 'FLUSH_FAILED'
  | 'FLUSH_TIMEOUT'
  | 'REPLICATION_TIMEOUT'
  | 'DISK_FULL'
  | 'IO_ERROR'
  | 'TOO_MANY_FILES'
  | 'CORRUPTION'
  | 'FORMAT_MISMATCH'
  | 'NATIVE_MISSING'
  | 'ABORTED';

/** What an error may carry besides its code; fields that do not apply are absent. */
export interface ErrorExtra {
  stored?: 'no' | 'yes' | 'unknown' | undefined;
  /** Only to say false where the code alone would be retriable. */
  retriable?: boolean | undefined;
  details?: StoreError['details'] | undefined;
  cause?: unknown;
}

let construct: (code: StoreErrorCode, message: string, extra: ErrorExtra) => StoreError;

/** The one error class. `message` is a sentence that names the argument, file or position and says what to do. */
export class StoreError extends Error {
  static {
    construct = (code, message, extra) => new StoreError(code, message, extra);
    // On the prototype, so that the first line of `stack` has it too.
    Object.defineProperty(StoreError.prototype, 'name', { value: 'StoreError', configurable: true, writable: true });
  }

  /** AbortError for ABORTED; `cause` is then signal.reason. */
  declare readonly name: 'StoreError' | 'AbortError';
  readonly code: StoreErrorCode;
  /** For appends. `no`: repeating is safe. `yes`: it is in the log, see details.receipt; repeating duplicates. `unknown`: a crash would decide. */
  readonly stored: 'no' | 'yes' | 'unknown';
  /** True only when `stored` is `no` and waiting or freeing space is enough. */
  readonly retriable: boolean;
  readonly details: Readonly<{ path?: string; position?: number; errno?: string; receipt?: Receipt }>;

  private constructor(code: StoreErrorCode, message: string, extra: ErrorExtra) {
    super(message, 'cause' in extra ? { cause: extra.cause } : undefined);
    if (code === 'ABORTED') Object.defineProperty(this, 'name', { value: 'AbortError', configurable: true, writable: true });
    this.code = code;
    this.stored = extra.stored ?? 'no';
    this.retriable = this.stored === 'no' && (extra.retriable ?? (code === 'BUSY' || code === 'DISK_FULL'));
    this.details = Object.freeze({ ...extra.details });
  }
}

/** Makes an error. Without `stored` nothing was stored; BUSY and DISK_FULL are retriable, the rest is not. */
export function storeError(code: StoreErrorCode, message: string, extra: ErrorExtra = {}): StoreError {
  return construct(code, message, extra);
}

/** The error of an operation that `signal` ended: ABORTED with the signal's reason as its cause. */
export function abortError(doing: string, signal: AbortSignal, extra: ErrorExtra = {}): StoreError {
  return construct('ABORTED', `The signal was aborted: gave up to ${doing}.`, { ...extra, cause: signal.reason });
}

/** `EIO` and `i/o error` for 5; a number that this system does not know keeps its number. */
export function errnoName(errno: number): { name: string; text: string } {
  const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, `error ${errno} of the operating system`];
  return { name, text };
}

/** From what node:fs rejects with: full disks and used-up descriptors have their own code, everything else is IO_ERROR. `doing` is a verb phrase. */
export function systemError(error: unknown, doing: string, path: string): StoreError {
  const name = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const extra: ErrorExtra = { details: name === undefined ? { path } : { path, errno: name }, cause: error };
  if (name === 'ENOSPC' || name === 'EDQUOT') {
    return construct('DISK_FULL', `The disk is full: cannot ${doing} (${path}). Free some space and repeat.`, extra);
  }
  if (name === 'EMFILE' || name === 'ENFILE') {
    return construct(
      'TOO_MANY_FILES',
      `No file descriptor is left to ${doing} (${path}): close files or raise the limit (ulimit -n).`,
      extra,
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return construct('IO_ERROR', `Cannot ${doing} (${path}): ${reason}. Check the device and the permissions.`, extra);
}

/** What the caller knows about the call that failed. */
export interface StatusContext extends Omit<ErrorExtra, 'details'> {
  /** What was asked for, as a verb phrase: `append to topic "T"`. */
  doing: string;
  /** Instead of the code of the table, where the caller knows better (a queue that was not found). */
  code?: StoreErrorCode | undefined;
  /** The operating system's number; 0 and undefined: none. */
  errno?: number | undefined;
  /** Byte position in the commit log; negative and undefined: none. */
  position?: number | undefined;
  /** '' and undefined: none. */
  path?: string | undefined;
  /** Of LOCKED: the process that holds the store, when it is known. */
  holder?: number | undefined;
  receipt?: Receipt | undefined;
}

/** The status that means success. */
export const statusOk: number = 0;
const ioError = 3;
const notFound = 8;

interface Row {
  readonly code: StoreErrorCode;
  /** Stands in `details.errno` when the engine gave none. */
  readonly errno?: string;
  readonly say: (context: StatusContext, where: string, reason: string) => string;
}

const rows: readonly (Row | undefined)[] = [
  undefined, // kOk
  {
    code: 'BUSY',
    say: (c) => `Too much is waiting to be acknowledged to ${c.doing}: wait for drained(), or raise maxPendingBytes.`,
  },
  {
    code: 'DISK_FULL',
    say: (c, where) =>
      `The disk is full: cannot ${c.doing}${where}. Free some space and repeat; the store need not be opened again.`,
  },
  {
    code: 'IO_ERROR',
    say: (c, where, reason) => `Cannot ${c.doing}${where}: ${reason}. Check the device and the permissions of the file.`,
  },
  {
    code: 'TOO_MANY_FILES',
    say: (c, where) => `No file descriptor is left to ${c.doing}${where}: close files or raise the limit (ulimit -n).`,
  },
  {
    code: 'CORRUPTION',
    say: (c, where) =>
      `Cannot ${c.doing}${where}: the bytes on disk are not what was written. Restore them from a copy, or read on behind the loss.`,
  },
  {
    code: 'FORMAT_MISMATCH',
    say: (c, where) =>
      `Cannot ${c.doing}${where}: this is not laid out as a store of these file sizes. Nothing was changed; check directory and options.`,
  },
  {
    code: 'LOCKED',
    say: (c, where) =>
      `Cannot ${c.doing}${where}: ${c.holder === undefined ? 'another process, or another store of this one,' : `process ${c.holder}`} has it open. ` +
      'Close it there first, or look beside it with readOnly.',
  },
  {
    code: 'INVALID_OPTIONS',
    errno: 'ENOENT',
    say: (c, where) => `Cannot ${c.doing}${where}: it does not exist. Check the path, or allow to make it with createIfMissing.`,
  },
  {
    code: 'INVALID_OPTIONS',
    errno: 'EEXIST',
    say: (c, where) =>
      `Cannot ${c.doing}${where}: it exists, and errorIfExists is set. Choose another directory, or leave the option out.`,
  },
  { code: 'READ_ONLY', say: (c) => `Cannot ${c.doing}: the store was opened with readOnly. Open it without to change it.` },
  {
    code: 'FLUSH_FAILED',
    say: (c, where, reason) =>
      `Cannot ${c.doing}${where}: a sync failed (${reason}), and what was not durable may be lost. ` +
      'Close the store and open it again: recovery says what is left.',
  },
  {
    code: 'MESSAGE_TOO_LARGE',
    say: (c) =>
      `Cannot ${c.doing}: it does not fit. Make it smaller, or raise commitLog.maxMessageBytes (a record or batch must also fit a file: fileBytes - 8).`,
  },
  { code: 'NOT_OPEN', say: (c) => `Cannot ${c.doing}: the store is closed. Open it again.` },
  { code: 'ABORTED', say: (c) => `Gave up to ${c.doing}, as asked.` },
  {
    code: 'IO_ERROR',
    say: (c, where) =>
      `Cannot ${c.doing}${where}: the engine answered "would block" where it must not. This is a mistake in millrace; please report it.`,
  },
  {
    code: 'INVALID_ARGUMENT',
    say: (c, where) => `Cannot ${c.doing}${where}: an argument is out of range. Check offsets, sizes and numbers.`,
  },
  {
    code: 'PROPERTIES_TOO_LARGE',
    say: (c) =>
      `Cannot ${c.doing}: its properties take more than 32767 bytes, with the 20 of the checksum. Put some of them into the body.`,
  },
];

/** The code that a status number becomes when the caller does not choose another; undefined for a number without a row. */
export function statusCode(status: number): StoreErrorCode | undefined {
  return rows[status]?.code;
}

/** The error for a status other than `statusOk`. */
export function statusError(status: number, context: StatusContext): StoreError {
  const { position, errno, path, receipt } = context;
  const hasErrno = errno !== undefined && errno !== 0;
  const hasPosition = position !== undefined && position >= 0;
  // A path that the operating system does not find, where the engine had every reason to expect it, is no option's fault.
  const row = rows[status === notFound && hasErrno ? ioError : status];
  const system = hasErrno ? errnoName(errno) : undefined;
  const errnoText = system?.name ?? row?.errno;

  const place = [path ? path : undefined, hasPosition ? `position ${position}` : undefined].filter((part) => part !== undefined);
  const where = place.length === 0 ? '' : ` (${place.join(', ')})`;
  const reason = system === undefined ? 'the operating system gave no reason' : `${system.name}, ${system.text}`;
  const message =
    row?.say(context, where, reason) ??
    `Cannot ${context.doing}${where}: the engine answered ${status}, which this version does not know. Build the native part again (npm run build).`;

  const details = {
    ...(path ? { path } : undefined),
    ...(hasPosition ? { position } : undefined),
    ...(errnoText === undefined ? undefined : { errno: errnoText }),
    ...(receipt === undefined ? undefined : { receipt }),
  };
  const extra: ErrorExtra = { stored: context.stored, retriable: context.retriable, details };
  if ('cause' in context) extra.cause = context.cause;
  return storeError(context.code ?? row?.code ?? 'IO_ERROR', message, extra);
}

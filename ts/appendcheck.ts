/**
 * What may be appended: the fields of a message but its properties (properties.ts), and the options of an append.
 *
 * Checked once, here, before anything is assigned; throws INVALID_ARGUMENT, UNSUPPORTED and MESSAGE_TOO_LARGE. On the hot path: fields that are
 * absent cost a comparison each.
 */
import { abortError, type StoreError, storeError } from './errors.js';
import type { AppendOptions, Durability } from './types/append.js';
import type { Message } from './types/message.js';
import type { WaitLimits } from './waiting.js';

const int32Max = 0x7fff_ffff;
/** Bits of sysFlag that a caller may give: compression (0x1, 0x700), multi-tags (0x2), transaction type (0xC). */
const callerBits = 0x1 | 0x2 | 0xc | 0x700;
/** The transaction type within sysFlag. */
export const transactionMask = 0xc;

const fields =
  'topic, queueId, shardingKey, body, tags, keys, properties, flag, sysFlag, reconsumeTimes, preparedTransactionOffset, bornTimestamp, bornHost';

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}

/** The body as bytes: a string is UTF-8. */
export function bodyBytes(body: unknown, maxBytes: number): Uint8Array {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (!(bytes instanceof Uint8Array)) throw invalid(`body is ${typeof body}: give a Uint8Array or a string.`);
  if (bytes.length > maxBytes) {
    throw storeError(
      'MESSAGE_TOO_LARGE',
      `The body has ${bytes.length} bytes and may have ${maxBytes}. Split it, or raise commitLog.maxMessageBytes.`,
    );
  }
  return bytes;
}

export function checkMessage(message: unknown): asserts message is Omit<Message, 'topic'> {
  if (typeof message !== 'object' || message === null) throw invalid(`The message is ${String(message)}, not an object.`);
  for (const name in message) {
    // A switch compares names that are the same strings at the cost of a pointer; a set would hash each.
    switch (name) {
      case 'topic':
      case 'queueId':
      case 'body':
      case 'tags':
      case 'keys':
      case 'properties':
      case 'shardingKey':
      case 'bornTimestamp':
      case 'bornHost':
      case 'flag':
      case 'sysFlag':
      case 'reconsumeTimes':
      case 'preparedTransactionOffset':
        break;
      case 'deliverAt':
      case 'delayLevel':
        if ((message as Message)[name] === undefined) break;
        throw storeError('UNSUPPORTED', `${name} comes with a later version. Leave it out.`);
      default:
        throw invalid(`A message has no field ${name}. Its fields are ${fields}.`);
    }
  }
}

export function int32(value: number, name: string, min: number): number {
  if (!Number.isInteger(value) || value < min || value > int32Max) {
    throw invalid(`${name} is ${String(value)}: give an integer from ${min} to ${int32Max}.`);
  }
  return value;
}

export function safeInteger(value: number, name: string, min = 0): number {
  if (!Number.isSafeInteger(value) || value < min)
    throw invalid(`${name} is ${String(value)}: give a safe integer of at least ${min}.`);
  return value;
}

export function checkSysFlag(value: number): number {
  int32(value, 'sysFlag', 0);
  if ((value & ~callerBits) !== 0) {
    throw invalid(
      `sysFlag is 0x${value.toString(16)}: only the bits 0x1, 0x2, 0xC and 0x700 may be given, the others say how the record is laid out.`,
    );
  }
  return value;
}

const appendOptionNames: ReadonlySet<string> = new Set(['durability', 'timeoutMs', 'signal']);

/** The level to wait for. Throws ABORTED when the signal has been. */
export function checkAppendOptions(options: AppendOptions, fallback: 'written' | 'durable', doing: string): 'written' | 'durable' {
  if (typeof options !== 'object' || options === null) throw invalid(`options is ${String(options)}, not an object.`);
  for (const name in options) if (!appendOptionNames.has(name)) throw invalid(`An append has no option ${name}.`);
  checkLimits(options, doing);
  return levelOf(options.durability, fallback);
}

const waitOptionNames: ReadonlySet<string> = new Set(['timeoutMs', 'signal']);

/** Checks the limits of a wait. Throws ABORTED when the signal has been. */
export function checkWaitLimits(limits: WaitLimits | undefined, doing: string): void {
  if (limits === undefined) return;
  if (typeof limits !== 'object' || limits === null) throw invalid(`options is ${String(limits)}, not an object.`);
  for (const name in limits) if (!waitOptionNames.has(name)) throw invalid(`A wait has no option ${name}.`);
  checkLimits(limits, doing);
}

function checkLimits({ timeoutMs, signal }: WaitLimits, doing: string): void {
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0)) {
    throw invalid(`timeoutMs is ${String(timeoutMs)}: give milliseconds.`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal is not an AbortSignal.');
  if (signal?.aborted) throw abortError(doing, signal);
}

/** A level that this version can reach. */
export function levelOf(level: Durability | undefined, fallback: 'written' | 'durable'): 'written' | 'durable' {
  if (level === undefined) return fallback;
  if (level === 'replicated') throw storeError('UNSUPPORTED', 'The level replicated comes with a later version. Wait for durable.');
  if (level !== 'written' && level !== 'durable') throw invalid(`The level is ${String(level)}: give written or durable.`);
  return level;
}

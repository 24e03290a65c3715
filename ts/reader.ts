/**
 * Reads of one store: in this turn from memory, or through a task when the bytes are not there.
 *
 * A read copies whole records into one buffer that belongs to its messages. Small results share slabs of 64 KiB, so that reading one message
 * does not cost an allocation of its own; large ones get a buffer of their own size. Nothing here decides what is visible: the engine does.
 */
import { asked, got, status } from './addon.js';
import { safeInteger } from './appendcheck.js';
import { Counts } from './counts.js';
import { type StoreError, storeError } from './errors.js';
import type { LossNames } from './losses.js';
import { StoredRecord } from './message.js';
import type { Session } from './session.js';
import { TagFilters, wantedTags } from './tags.js';
import type { StoredMessage } from './types/message.js';
import type { LostMessages, RawReadResult, ReadOptions, ReadResult } from './types/read.js';

const slabBytes = 64 * 1024;
/** Room that a look-up by key gets, even if none of late found anything. */
const leastAnswer = 4096;
/** A read as large as this at most gets its whole buffer up front. */
const eagerBytes = 1024 * 1024;

const statuses = [
  'FOUND',
  'NO_MATCHED_MESSAGE',
  'NO_MESSAGE_IN_QUEUE',
  'NO_MATCHED_LOGIC_QUEUE',
  'OFFSET_TOO_SMALL',
  'OFFSET_OVERFLOW_ONE',
  'OFFSET_OVERFLOW_BADLY',
  'MESSAGE_WAS_REMOVING',
  'MESSAGE_LOST',
] as const;
const nothingLost: readonly LostMessages[] = Object.freeze([]);

/** What a read is bounded by. */
export interface Limits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxScanned: number;
  /** As tags.ts has them; undefined: every message. */
  readonly tags: string | undefined;
}
const defaultLimits: Limits = { maxMessages: 32, maxBytes: 256 * 1024, maxScanned: 16_384, tags: undefined };
const limitNames: ReadonlySet<string> = new Set(['maxMessages', 'maxBytes', 'maxScanned', 'tags']);

/** Records back to back, and what else the read found. */
interface Found {
  readonly buffer: Buffer;
  readonly start: number;
  readonly bytes: number;
}

export class Reader {
  readonly counts: Counts = new Counts();
  readonly #session: Session;
  readonly #names: LossNames;
  readonly #maxBodyBytes: number;
  readonly #filters: TagFilters;
  #slab: Buffer = Buffer.alloc(0);
  #used = 0;
  #lastBytes = 0;
  #lastAnswer = 0;

  /** No body takes more than `maxBodyBytes` when it is decompressed. */
  constructor(session: Session, names: LossNames, maxBodyBytes: number) {
    this.#session = session;
    this.#names = names;
    this.#maxBodyBytes = maxBodyBytes;
    this.#filters = new TagFilters(session);
  }

  limits(options: ReadOptions | undefined): Limits {
    if (options === undefined) return defaultLimits;
    if (typeof options !== 'object' || options === null) throw invalid(`options is ${String(options)}, not an object.`);
    for (const name in options) if (!limitNames.has(name)) throw invalid(`A read has no option ${name}.`);
    return {
      maxMessages: safeInteger(options.maxMessages ?? defaultLimits.maxMessages, 'maxMessages', 1),
      maxBytes: safeInteger(options.maxBytes ?? defaultLimits.maxBytes, 'maxBytes', 1),
      maxScanned: safeInteger(options.maxScanned ?? defaultLimits.maxScanned, 'maxScanned', 1),
      tags: wantedTags(options.tags),
    };
  }

  /** In this turn; may wait for the device. */
  readSync(handle: number, offset: number, limits: Limits): ReadResult {
    const found = this.#readNow(handle, offset, limits, false);
    if (found === undefined) throw this.#session.error(status.wouldBlock, { doing: 'read' });
    return this.#result(found);
  }

  async read(handle: number, offset: number, limits: Limits): Promise<ReadResult> {
    const found = this.readSoon(handle, offset, limits);
    return found instanceof Promise ? found : this.#session.turn.give(found);
  }

  /** At once when the bytes are in memory, else by a promise. */
  readSoon(handle: number, offset: number, limits: Limits): ReadResult | Promise<ReadResult> {
    const found = this.#readNow(handle, offset, limits, true);
    return found === undefined ? this.#readLater(handle, offset, limits, (later) => this.#result(later)) : this.#result(found);
  }

  async readRaw(handle: number, offset: number, limits: Limits): Promise<RawReadResult> {
    const found = this.#readNow(handle, offset, limits, true);
    return found === undefined
      ? this.#readLater(handle, offset, limits, (later) => this.#rawResult(later))
      : this.#session.turn.give(this.#rawResult(found));
  }

  /** The answer for a queue that is not there. */
  noQueue(): ReadResult {
    return { messages: [], nextOffset: 0, minOffset: 0, maxOffset: 0, status: 'NO_MATCHED_LOGIC_QUEUE', lost: nothingLost };
  }

  async messageAt(position: number): Promise<StoredMessage | undefined> {
    const { addon, id, scratch } = this.#session;
    let buffer = this.#room(4096);
    scratch[asked.onlyCached] = 1;
    let code = addon.readAt(id, position, buffer, this.#used);
    if (code === status.tooLarge) {
      buffer = this.#room(this.#session.number(got.bytesNeeded));
      code = addon.readAt(id, position, buffer, this.#used);
    }
    if (code === status.notFound) return undefined;
    if (code === status.ok) return this.#session.turn.give(this.#one(this.#take(buffer, this.#session.number(got.bytes))));
    if (code !== status.wouldBlock) throw this.#session.error(code, { doing: `read the message at ${position}` });
    const done = await this.#session.run((task) => addon.readAtLater(id, task, position));
    const found = this.#collect(done.task);
    if (done.status === status.notFound) return undefined;
    if (done.status !== status.ok)
      throw this.#session.error(done.status, { doing: `read the message at ${position}`, ...done.where });
    return this.#one(found);
  }

  /** Room for the answer of a look-up, from `answerAt` on: as much as the one before took, or more. */
  answerRoom(): Buffer {
    return this.#room(Math.min(Math.max(this.#lastAnswer, leastAnswer), slabBytes / 2));
  }

  get answerAt(): number {
    return this.#used;
  }

  /** The messages of a look-up that was answered in `answerRoom`. */
  takeAnswer(): readonly StoredMessage[] {
    const bytes = this.#session.number(got.bytes);
    if (this.#session.number(got.bytesNeeded) > 0) return this.takeTask(0);
    this.#lastAnswer = bytes;
    return this.#messages(this.#take(this.#slab, bytes));
  }

  /** The messages that a look-up left, as a task or (0) in this turn. */
  takeTask(task: number): readonly StoredMessage[] {
    const found = this.#collect(task);
    this.#lastAnswer = found.bytes;
    return this.#messages(found);
  }

  #one(found: Found): StoredMessage {
    this.counts.add(1, found.bytes);
    return new StoredRecord(found.buffer, found.start, found.bytes, this.#maxBodyBytes);
  }

  /** Undefined when the bytes are not in memory. */
  #readNow(handle: number, offset: number, limits: Limits, onlyCached: boolean): Found | undefined {
    const { addon, id } = this.#session;
    // Large reads tend to come in a row: give them their buffer at once, instead of asking twice.
    const guess =
      this.#lastBytes > slabBytes / 2 && limits.maxBytes <= eagerBytes ? Math.min(limits.maxBytes, 2 * this.#lastBytes) : 0;
    let buffer = this.#room(guess);
    this.ask(offset, limits, onlyCached);
    let code = addon.read(id, handle, buffer, buffer === this.#slab ? this.#used : 0);
    // More than once where messages become visible meanwhile, or tags that share a hash make the read go on.
    while (code === status.tooLarge) {
      buffer = this.#room(this.#session.number(got.bytesNeeded));
      this.ask(offset, limits, onlyCached);
      code = addon.read(id, handle, buffer, buffer === this.#slab ? this.#used : 0);
    }
    if (code === status.wouldBlock) return undefined;
    if (code !== status.ok) throw this.#session.error(code, { doing: `read at offset ${offset}` });
    return this.#take(buffer, this.#session.number(got.bytes));
  }

  /** `result` is made of the shared numbers in the same turn as they are fetched: the next read that is done overwrites them. */
  async #readLater<T>(handle: number, offset: number, limits: Limits, result: (found: Found) => T): Promise<T> {
    const { addon, id } = this.#session;
    const done = await this.#session.run((task) => {
      this.ask(offset, limits, false);
      addon.readLater(id, task, handle);
    });
    const found = this.#collect(done.task);
    if (done.status !== status.ok) throw this.#session.error(done.status, { doing: `read at offset ${offset}`, ...done.where });
    return result(found);
  }

  #collect(task: number): Found {
    const { addon, id } = this.#session;
    addon.readDone(id, task);
    const bytes = this.#session.number(got.bytes);
    const buffer = this.#room(bytes);
    addon.readBytes(id, task, buffer, buffer === this.#slab ? this.#used : 0);
    return this.#take(buffer, bytes);
  }

  /** Puts into the shared array what a read, or a transfer, is bounded by. */
  ask(offset: number, limits: Limits, onlyCached: boolean): void {
    const { scratch } = this.#session;
    scratch[asked.offset] = offset;
    scratch[asked.maxMessages] = limits.maxMessages;
    scratch[asked.maxBytes] = limits.maxBytes;
    scratch[asked.maxScanned] = limits.maxScanned;
    scratch[asked.onlyCached] = onlyCached ? 1 : 0;
    scratch[asked.filter] = this.#filters.numberOf(limits.tags);
  }

  /** The slab when `bytes` may fit it, else a buffer of their own. */
  #room(bytes: number): Buffer {
    if (bytes > slabBytes / 2) return Buffer.allocUnsafeSlow(bytes);
    if (this.#slab.length - this.#used < Math.max(bytes, 1)) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#used = 0;
    }
    return this.#slab;
  }

  #take(buffer: Buffer, bytes: number): Found {
    this.#lastBytes = bytes;
    if (buffer !== this.#slab) return { buffer, start: 0, bytes };
    const start = this.#used;
    this.#used += bytes;
    return { buffer, start, bytes };
  }

  #result(found: Found): ReadResult {
    const messages = this.#messages(found);
    return { ...this.numbers(), messages };
  }

  #messages(found: Found): StoredMessage[] {
    const count = this.#session.number(got.messages);
    const messages: StoredMessage[] = new Array(count);
    for (let i = 0, at = found.start; i < count; i++) {
      const size = found.buffer.readInt32BE(at);
      messages[i] = new StoredRecord(found.buffer, at, size, this.#maxBodyBytes);
      at += size;
    }
    this.counts.add(count, found.bytes);
    return messages;
  }

  #rawResult(found: Found): RawReadResult {
    return {
      ...this.numbers(),
      messages: this.#session.number(got.messages),
      bytes: found.buffer.subarray(found.start, found.start + found.bytes),
    };
  }

  /** What the last read, or plan of a transfer, found beside the records. */
  numbers(): Omit<ReadResult, 'messages'> {
    const session = this.#session;
    return {
      nextOffset: session.number(got.nextOffset),
      minOffset: session.number(got.minOffset),
      maxOffset: session.number(got.maxOffset),
      status: statuses[session.number(got.readStatus)] ?? 'NO_MATCHED_MESSAGE',
      lost: session.number(got.lostRuns) === 0 ? nothingLost : this.#lost(session.addon.lostOfRead(session.id)),
    };
  }

  #lost(numbers: Float64Array): readonly LostMessages[] {
    const runs: LostMessages[] = [];
    for (let at = 0; at < numbers.length; ) {
      const count = numbers[at + 2] as number;
      runs.push({
        fromOffset: numbers[at] as number,
        toOffset: numbers[at + 1] as number,
        ranges: this.#names.ranges(numbers, at + 3, count),
      });
      at += 3 + 3 * count;
    }
    return runs;
  }
}

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}

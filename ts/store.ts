/**
 * A message store: opened, appended to, read, closed. What users hold in their hands; the parts do the work.
 *
 * appender.ts appends, reader.ts reads, topics.ts knows topics and queues, session.ts is the way to the engine. Here stands in which order they
 * come to life and end, and what a store may do in which state. One thread: every worker opens its own.
 * More than 300 lines: every public method of the store stands here, most of them a check and a call.
 */
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';

import { got, status } from './addon.js';
import { levelOf, safeInteger } from './appendcheck.js';
import { Appender } from './appender.js';
import { TopicsFile } from './config/topics.js';
import { Deleter } from './deletion.js';
import { abortError, type StoreError, storeError } from './errors.js';
import { Following } from './following.js';
import { KeyFinder } from './keys.js';
import { LossNames } from './losses.js';
import { openSession } from './opening.js';
import { type ResolvedOptions, resolveOptions } from './options.js';
import { Progress } from './progress.js';
import { type QueueGuards, QueueHandle } from './queue.js';
import { Reader } from './reader.js';
import { openedFrom, reportFrom, tellOpened } from './recovery.js';
import { Room } from './room.js';
import { Router } from './router.js';
import { Session } from './session.js';
import { statsFrom } from './stats.js';
import { checkTimeSearch, offsetAt } from './timesearch.js';
import { TopicChanges } from './topicchanges.js';
import { infoOf } from './topicinfo.js';
import { type TopicState, Topics } from './topics.js';
import { Transfers } from './transfer.js';
import type { AppendOptions, Durability, Receipt, Watermarks } from './types/append.js';
import type { Message, StoredMessage } from './types/message.js';
import type { StoreOptions } from './types/options.js';
import type { KeyQuery, LostRange, RawReadResult, ReadOptions, ReadResult } from './types/read.js';
import type { RecoveryReport, StoreStats } from './types/recovery.js';
import type { SubscribeOptions, Subscription } from './types/subscription.js';
import type { Queue, TopicInfo, TopicOptions } from './types/topic.js';
import type { TransferOptions, TransferResult } from './types/transfer.js';
import type { WaitLimits } from './waiting.js';

interface Parts {
  readonly directory: string;
  readonly options: ResolvedOptions;
  readonly session: Session;
  readonly topics: Topics;
  readonly wake: { listener: () => void };
}

let construct: (parts: Parts) => MessageStore;

/** A message store in one directory. Opened by `MessageStore.open`, by one process at a time (or by many with `readOnly`). */
export class MessageStore implements AsyncDisposable {
  static {
    construct = (parts) => new MessageStore(parts);
  }

  /** Where the store lies, as an absolute path. */
  readonly directory: string;
  /** What opening found and did. */
  readonly recovery: RecoveryReport;
  /** Grows by one at each open that cut the log; kept in the side-car. No (generation, position) pair and no durable offset ever names two messages. */
  readonly generation: number;

  readonly #options: ResolvedOptions;
  readonly #session: Session;
  readonly #topics: Topics;
  readonly #appender: Appender;
  readonly #progress: Progress;
  readonly #room: Room;
  readonly #reader: Reader;
  readonly #transfers: Transfers;
  readonly #keys: KeyFinder;
  readonly #names: LossNames;
  readonly #router: Router;
  readonly #deleter: Deleter;
  readonly #topicChanges: TopicChanges;
  readonly #following: Following;
  #status: 'open' | 'failed' | 'closing' | 'closed' = 'open';
  #failure: StoreError | undefined;
  #closing: Promise<void> | undefined;
  /** What the handles of queues ask before they do something. */
  readonly #guards: QueueGuards = {
    mustBeOpen: (doing) => this.#mustBeOpen(doing),
    mustWrite: (doing) => this.#mustWrite(doing),
  };

  private constructor(parts: Parts) {
    const { session, options } = parts;
    this.directory = parts.directory;
    this.#options = options;
    this.#session = session;
    this.#topics = parts.topics;
    const numbers = session.addon.report(session.id);
    const opened = openedFrom(numbers);
    this.#names = new LossNames(this.directory, opened.fileBytes);
    this.generation = opened.generation;
    this.recovery = reportFrom(numbers, this.#names, session.addon.losses(session.id), session.addon.newLosses(session.id));
    this.#appender = new Appender(session, options);
    this.#progress = new Progress(session, this.#appender);
    this.#room = new Room(this.#appender, options.maxPendingBytes);
    this.#router = new Router(parts.topics, options, this.directory, (error) => this.#tell(error));
    const mustWrite = this.#guards.mustWrite;
    this.#deleter = new Deleter(session, parts.topics, this.#router, this.#appender, mustWrite);
    this.#topicChanges = new TopicChanges(parts.topics, this.#router, options.defaultQueues, mustWrite);
    this.#reader = new Reader(session, this.#names, options.maxMessageBytes);
    this.#transfers = new Transfers(session, this.#reader);
    this.#following = new Following(session, parts.topics, this.#reader, options.readOnly);
    this.#keys = new KeyFinder(session, this.#reader, options.index);
    parts.wake.listener = () => this.#woken();
    tellOpened(opened, this.directory, options.logger);
    this.#woken();
  }

  /** Takes the lock, recovers, and is ready to append and read when it resolves. Rejects with INVALID_OPTIONS, LOCKED, FORMAT_MISMATCH, CORRUPTION, DISK_FULL, IO_ERROR, TOO_MANY_FILES, ABORTED, NATIVE_MISSING. */
  static async open(directory: string, options?: StoreOptions): Promise<MessageStore> {
    if (typeof directory !== 'string' || directory === '')
      throw storeError('INVALID_ARGUMENT', 'directory is not a path: give a string.');
    const resolved = resolveOptions(options);
    if (resolved.signal?.aborted) throw abortError(`open ${directory}`, resolved.signal);
    const root = resolve(directory);
    const topicsOptions = { root, temporaryFolder: `${root}/millrace/tmp`, clock: resolved.clock };
    // Before anything is touched: a damaged file refuses the open. Read again under the lock.
    await TopicsFile.load(topicsOptions);
    const wake = { listener: (): void => undefined };
    const session = new Session(() => wake.listener());
    try {
      await openSession(session, root, resolved, wake);
      const file = await TopicsFile.load(topicsOptions);
      if (file.source === 'backup') resolved.logger?.warn(`${file.path} was missing or damaged: took its .bak.`);
      const foundQueues = resolved.autoCreateTopics && !resolved.readOnly ? resolved.defaultQueues : undefined;
      return construct({ directory: root, options: resolved, session, topics: new Topics(session, file, foundQueues), wake });
    } catch (error) {
      session.dispose();
      throw error;
    }
  }

  /** `failed`: a sync failed; reads of what was visible go on, appends reject with FLUSH_FAILED, a new open recovers. */
  get status(): 'open' | 'failed' | 'closing' | 'closed' {
    return this.#status;
  }
  /** Why the store failed. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }
  /** Each access gives a new frozen snapshot. */
  get watermarks(): Watermarks {
    const isClosed = this.#status === 'closed';
    if (this.#options.readOnly && !isClosed) this.#session.addon.follow(this.#session.id);
    return this.#progress.marks(isClosed);
  }
  /** Every known loss: found at this open, an earlier one, or while reading. */
  get lost(): readonly LostRange[] {
    if (this.#status === 'closed') return this.recovery.lost;
    return this.#names.ranges(this.#session.addon.losses(this.#session.id));
  }
  /** Bytes of appends that are not acknowledged yet, 512 for each included. */
  get pendingBytes(): number {
    return this.#appender.pendingBytes;
  }

  // ---------------------------------------------------------------------------------------------- appending

  /** Appends take effect in the order of the calls. After BUSY or DISK_FULL, every append called before that rejection was delivered rejects too, so order in a queue is kept. */
  append(message: Message, options?: AppendOptions): Promise<Receipt> {
    try {
      this.#mustWrite('append');
      const queue = this.#router.route(message);
      return this.#appender.append(queue, this.#topics.handle(queue), message, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** One contiguous append to one queue: after a crash all of them are there or none. */
  appendBatch(messages: readonly Message[], options?: AppendOptions): Promise<readonly Receipt[]> {
    try {
      this.#mustWrite('append');
      if (!Array.isArray(messages)) throw storeError('INVALID_ARGUMENT', 'messages is not an array.');
      if (messages.length === 0) return Promise.resolve([]);
      const queue = this.#router.routeBatch(messages);
      return this.#appender.appendBatch(queue, this.#topics.handle(queue), messages, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Returns when written, or durable when `flush` is `sync`. For scripts and benchmarks; blocks the event loop. */
  appendSync(message: Message, options?: { durability?: 'written' | 'durable' | undefined }): Receipt {
    this.#mustWrite('append');
    const queue = this.#router.route(message);
    const level = options?.durability === undefined ? undefined : levelOf(options.durability, 'durable');
    return this.#appender.appendSync(queue, this.#topics.handle(queue), message, level);
  }

  /** Resolves once `pendingBytes` is at most half of `maxPendingBytes`. ABORTED; NOT_OPEN once the store is closed. */
  async drained(options?: { signal?: AbortSignal | undefined }): Promise<void> {
    this.#mustBeOpen('wait');
    return this.#room.drained(options);
  }

  /** Resolves when everything below `position` (a receipt's `position + size`) has reached `level`. Forces nothing. FLUSH_TIMEOUT, ABORTED, FLUSH_FAILED, UNSUPPORTED. */
  async reached(level: Durability, position: number, options?: WaitLimits): Promise<Watermarks> {
    this.#mustWrite('wait');
    return this.#progress.reached(level, position, options);
  }

  /** Makes everything appended so far durable. FLUSH_FAILED. */
  async flush(): Promise<Watermarks> {
    this.#mustWrite('flush');
    return this.#progress.flush();
  }

  // ---------------------------------------------------------------------------------------------- reading

  /** Reads from one queue without ever blocking the event loop. A queue that does not exist is NO_MATCHED_LOGIC_QUEUE. */
  async read(topic: string, queueId: number, offset: number, options?: ReadOptions): Promise<ReadResult> {
    const limits = this.#reader.limits(options);
    const handle = this.#readable(topic, queueId, offset);
    return handle < 0 ? this.#reader.noQueue() : this.#reader.read(handle, offset, limits);
  }

  /** The same in this turn; may stall the event loop on a cold page. */
  readSync(topic: string, queueId: number, offset: number, options?: ReadOptions): ReadResult {
    const limits = this.#reader.limits(options);
    const handle = this.#readable(topic, queueId, offset);
    return handle < 0 ? this.#reader.noQueue() : this.#reader.readSync(handle, offset, limits);
  }

  /** Whole records as they stand on disk. */
  async readRaw(topic: string, queueId: number, offset: number, options?: ReadOptions): Promise<RawReadResult> {
    const limits = this.#reader.limits(options);
    const handle = this.#readable(topic, queueId, offset);
    if (handle < 0) return { ...this.#reader.noQueue(), messages: 0, bytes: Buffer.alloc(0) };
    return this.#reader.readRaw(handle, offset, limits);
  }

  /** Async iteration over messages as they become visible, or over batches of them; `offsets` says where to resume. INVALID_ARGUMENT, UNSUPPORTED, NOT_OPEN. */
  subscribe(options: SubscribeOptions): Subscription {
    this.#mustBeOpen('subscribe');
    this.#follow();
    return this.#following.subscribe(options);
  }

  /** Resolves with true once `offset` is readable, false on timeout (default: no limit): what a long poll waits on. An unknown topic is waited for. */
  async waitFor(topic: string, queueId: number, offset: number, options?: WaitLimits): Promise<boolean> {
    this.#mustBeOpen('wait');
    this.#follow();
    return this.#following.waitFor(topic, queueId, offset, options);
  }

  /** Undefined: no record starts there, or it is not visible. CORRUPTION where the record is lost. */
  async messageAt(position: number): Promise<StoredMessage | undefined> {
    this.#mustBeOpen('read');
    safeInteger(position, 'position');
    this.#follow();
    return this.#reader.messageAt(position);
  }

  /** `lower` (default): first offset stored at or after `timestamp`, maxOffset when all are older. `upper`: last one stored at or before it, minOffset - 1 when all are newer. A message that is lost has no time. UNKNOWN_TOPIC, UNKNOWN_QUEUE. */
  async offsetAt(topic: string, queueId: number, timestamp: number, bound: 'lower' | 'upper' = 'lower'): Promise<number> {
    this.#mustBeOpen('search by time');
    checkTimeSearch(timestamp, bound);
    this.#follow();
    const queue = this.#topics.queue(this.#router.known(topic), queueId);
    return offsetAt(this.#session, this.#topics.handle(queue), timestamp, bound);
  }

  /** Messages with this key (a word of KEYS, or UNIQ_KEY), newest first. CORRUPTION where one of them may be lost; UNSUPPORTED in a store opened with `index: false`. */
  async findByKey(topic: string, key: string, query?: KeyQuery): Promise<readonly StoredMessage[]> {
    this.#mustBeOpen('look up a key');
    this.#follow();
    return this.#keys.find(topic, key, query);
  }

  /** Sends records as they stand in the log, without their passing through JavaScript where the socket allows it. If it rejects after the first byte was sent, it has destroyed the socket: the frame cannot be completed. */
  async transfer(
    socket: Duplex,
    topic: string,
    queueId: number,
    offset: number,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    return this.#transfers.send(socket, offset, options, () => this.#readable(topic, queueId, offset));
  }

  // ---------------------------------------------------------------------------------------------- topics

  /** A topic that exists is returned if the options agree, else INVALID_ARGUMENT. */
  async createTopic(name: string, options?: TopicOptions): Promise<TopicInfo> {
    return this.#info(await this.#topicChanges.create(name, options));
  }

  /** Adds queues; fewer is INVALID_ARGUMENT. UNKNOWN_TOPIC. */
  async updateTopic(name: string, options: TopicOptions): Promise<TopicInfo> {
    return this.#info(await this.#topicChanges.update(name, options));
  }

  /** Survives recovery. A topic made again under this name goes on numbering where the old one ended. UNKNOWN_TOPIC. */
  async deleteTopic(name: string): Promise<void> {
    this.#mustWrite('delete a topic');
    await this.#deleter.delete(name);
  }

  /** Undefined when there is no such topic. */
  topic(name: string): TopicInfo | undefined {
    this.#mustBeOpen('look up a topic');
    this.#follow();
    const topic = this.#router.find(name);
    return topic === undefined ? undefined : this.#info(topic);
  }

  /** All topics. */
  topics(): readonly TopicInfo[] {
    this.#mustBeOpen('list topics');
    this.#follow();
    return this.#topics.all().map((topic) => this.#info(topic));
  }

  /** UNKNOWN_TOPIC, UNKNOWN_QUEUE. */
  queue(topic: string, queueId: number): Queue {
    this.#mustBeOpen('look up a queue');
    this.#follow();
    const queue = this.#topics.queue(this.#router.known(topic), queueId);
    return new QueueHandle(this, this.#session, this.#appender, this.#topics, queue, this.#guards);
  }

  // ---------------------------------------------------------------------------------------------- the store itself

  /** Counters since open and gauges. */
  stats(): StoreStats {
    this.#mustBeOpen('give numbers');
    return statsFrom(this.#session, this.#appender, this.#reader);
  }

  /** Waits for pending appends, marks the shutdown clean. Always frees everything; then rejects with FLUSH_FAILED or DISK_FULL if something is not durable. Idempotent; later calls reject with NOT_OPEN. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `await using` closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const session = this.#session;
    this.#status = 'closing';
    this.#following.close();
    this.#transfers.close();
    try {
      if (!this.#options.readOnly) {
        await this.#progress.settle();
        // Who deletes a topic or saves it still needs the lock.
        await this.#topics.deletions();
        const unsaved = await this.#topics.save().catch((error: unknown) => error);
        await session.idle();
        await session.complete((task) => session.addon.close(session.id, task), {
          doing: `close ${this.directory}`,
          stored: 'unknown',
        });
        if (unsaved !== undefined) throw unsaved;
      }
    } finally {
      await session.idle();
      await this.#topics.idle();
      this.#room.end();
      session.addon.marks(session.id);
      this.#status = 'closed';
      session.dispose();
    }
  }

  /** The engine made progress. */
  #woken(): void {
    const session = this.#session;
    if (this.#status === 'closed') return;
    if (!this.#options.readOnly) this.#appender.progressed();
    this.#following.look();
    if (session.number(got.failed) === 1 && this.#failure === undefined) {
      this.#failure = this.#appender.failureError('go on', 'no');
      if (this.#status === 'open') this.#status = 'failed';
      this.#tell(this.#failure);
      this.#following.fail(this.#failure);
    }
    for (
      let code = session.addon.backgroundError(session.id);
      code !== status.ok;
      code = session.addon.backgroundError(session.id)
    ) {
      this.#tell(session.error(code, { doing: 'work in the background' }));
    }
    this.#room.look();
  }

  #tell(error: StoreError): void {
    const { onBackgroundError, logger } = this.#options;
    if (onBackgroundError !== undefined) onBackgroundError(error);
    else if (logger !== undefined) logger.error(error);
    else process.emitWarning(error);
  }

  // ---------------------------------------------------------------------------------------------- checks and look-ups

  #mustBeOpen(doing: string): void {
    if (this.#status === 'closing' || this.#status === 'closed') {
      throw storeError('NOT_OPEN', `Cannot ${doing}: the store in ${this.directory} is ${this.#status}. Open it again.`);
    }
  }

  #mustWrite(doing: string): void {
    this.#mustBeOpen(doing);
    if (this.#options.readOnly)
      throw storeError('READ_ONLY', `Cannot ${doing}: the store was opened with readOnly. Open it without to change it.`);
  }

  /** The handle to read from; negative when there is no such queue. */
  #readable(name: string, queueId: number, offset: number): number {
    this.#mustBeOpen('read');
    safeInteger(offset, 'offset');
    this.#follow();
    safeInteger(queueId, 'queueId');
    const queue = this.#router.find(name)?.queues[queueId];
    return queue === undefined ? -1 : this.#topics.handle(queue);
  }

  /** A read-only store takes in what its writer has published. */
  #follow(): void {
    if (!this.#options.readOnly) return;
    const { addon, id } = this.#session;
    const code = addon.follow(id);
    if (code !== status.ok) throw this.#session.error(code, { doing: 'follow the writer' });
    this.#topics.discover();
  }

  #info(topic: TopicState): TopicInfo {
    return infoOf(topic, this.#topics, this.#session);
  }
}

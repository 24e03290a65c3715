/**
 * Appends of one store: from a message to a place in the log, and to a promise that settles when that place has the level asked for.
 *
 * A call assigns and stages at once, so appends take effect in the order of the calls; the writer gets what was staged when the turn of the
 * event loop ends. After BUSY or a rejected write (a full disk) every append that was called before the rejection was delivered
 * rejects too, so that order in a queue is kept. After a failed sync nothing is accepted any more. One thread.
 * More than 300 lines: every way to append shares the same few steps, and they are best compared side by side.
 */
import { given, got, status, want } from './addon.js';
import { bodyBytes, checkAppendOptions, checkMessage, checkSysFlag, int32, safeInteger, transactionMask } from './appendcheck.js';
import type { Compressor } from './compression.js';
import { Counts } from './counts.js';
import { abortError, type StoreError, storeError } from './errors.js';
import { type Waiter, Waiters } from './flush.js';
import { localHost, parseHost } from './host.js';
import type { ResolvedOptions } from './options.js';
import { Parcel } from './parcel.js';
import { encodeProperties } from './properties.js';
import { AppendReceipt, messageIdHost } from './receipt.js';
import type { Session } from './session.js';
import type { QueueState } from './topics.js';
import type { AppendOptions, Durability, Receipt } from './types/append.js';
import type { QueueMessage } from './types/topic.js';
import { withLimits } from './waiting.js';

/** What an append costs beside the bytes of its record. */
const overheadBytes = 512;
/** Fixed part of a record, checksum included. */
const fixedBytes = 111;
/** Places that `given` has. */
const givenNumbers = 8;
/** So many hosts of producers are kept in the engine. */
const rememberedHosts = 1024;
const settled = Promise.resolve();

type Resolve = (receipt: Receipt) => void;
type Reject = (error: Error) => void;

// The ends of the promise that was made last: one executor for all, because appends make promises by the million.
let resolveNewest: Resolve;
let rejectNewest: Reject;
function newest(resolve: Resolve, reject: Reject): void {
  resolveNewest = resolve;
  rejectNewest = reject;
}

/** Whoever waits for one append. */
class AppendWaiter implements Waiter {
  readonly end: number;
  readonly bytes: number;
  readonly reject: Reject;
  readonly #receipt: AppendReceipt;
  readonly #resolve: Resolve;

  constructor(receipt: AppendReceipt, resolve: Resolve, reject: Reject) {
    this.end = receipt.position + receipt.size;
    this.bytes = receipt.size + overheadBytes;
    this.reject = reject;
    this.#receipt = receipt;
    this.#resolve = resolve;
  }

  resolve(durability: Durability): void {
    this.#receipt.durability = durability;
    this.#resolve(this.#receipt);
  }
}

export class Appender {
  readonly counts: Counts = new Counts();
  readonly waiters: Waiters = new Waiters();
  readonly #session: Session;
  readonly #options: ResolvedOptions;
  readonly #level: 'written' | 'durable';
  readonly #compressor: Compressor | undefined;
  readonly #parcel: Parcel = new Parcel();
  readonly #hostHex: string;
  readonly #hostIds = new Map<string, number>();
  #hostsGiven = 0;
  #isHandOffDue = false;
  /** Why appends are rejected until an earlier rejection was delivered. */
  #refusal: (() => StoreError) | undefined;
  #whenDelivered: Promise<void> = settled;
  #isHeld = false;

  constructor(session: Session, options: ResolvedOptions) {
    this.#session = session;
    this.#options = options;
    this.#level = options.flush === 'sync' ? 'durable' : 'written';
    this.#compressor = options.compressor;
    this.#hostHex = messageIdHost(options.storeHost);
    session.addon.setHost(session.id, 0, localHost.bytes, localHost.port);
    this.#hostIds.set('127.0.0.1:0', 0);
  }

  get pendingBytes(): number {
    return this.waiters.pendingBytes;
  }

  /** Resolves once the last rejection was delivered. */
  get delivered(): Promise<void> {
    return this.#whenDelivered;
  }

  append(queue: QueueState, handle: number, message: QueueMessage, options: AppendOptions | undefined): Promise<Receipt> {
    checkMessage(message);
    const level = options === undefined ? this.#level : checkAppendOptions(options, this.#level, 'append');
    const properties = encodeProperties(message);
    const body = this.#give(message, this.#now());
    this.#admit(queue, body.length + properties.length + fixedBytes + queue.topic.length + overheadBytes);
    const { scratch, addon, id } = this.#session;
    scratch[given.want] = level === 'durable' ? want.durable : want.written;
    const code = addon.append(id, handle, body, properties === '' ? undefined : properties);
    if (code !== status.ok) throw this.#refused(code, queue);
    const receipt = this.#receipt(queue, level);
    this.counts.add(1, receipt.size);
    this.#handOffAtEndOfTurn();
    const waiting = new Promise<Receipt>(newest);
    this.waiters.add(level, new AppendWaiter(receipt, resolveNewest, rejectNewest));
    this.#holdWhileWaiting();
    return options === undefined ? waiting : this.#limited(waiting, options, () => receipt.as('written'));
  }

  appendBatch(
    queue: QueueState,
    handle: number,
    messages: readonly QueueMessage[],
    options: AppendOptions | undefined,
  ): Promise<readonly Receipt[]> {
    const level = options === undefined ? this.#level : checkAppendOptions(options, this.#level, 'append a batch');
    const { scratch, addon, id } = this.#session;
    const parcel = this.#parcel;
    const now = this.#now();
    addon.batchBegin(id, handle);
    parcel.clear();
    let bytes = 0;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i] as QueueMessage;
      checkMessage(message);
      if (((message.sysFlag ?? 0) & transactionMask) !== 0) {
        throw storeError('INVALID_ARGUMENT', `Message ${i} of the batch has a transaction type: append it alone.`);
      }
      const properties = encodeProperties(message, i === 0);
      const body = this.#give(message, now, parcel.numbers, parcel.next);
      bytes += body.length + properties.length + fixedBytes + queue.topic.length + overheadBytes;
      const isSmall = parcel.takes(body, properties);
      if (!isSmall || !parcel.hasRoom(body, properties)) this.#giveParcel(queue);
      if (isSmall) parcel.add(body, properties);
      else this.#addToBatch(queue, body, properties);
    }
    this.#giveParcel(queue);
    this.#admit(queue, bytes);
    scratch[given.now] = now;
    scratch[given.want] = level === 'durable' ? want.durable : want.written;
    const sizes = new Float64Array(messages.length);
    const code = addon.batchCommit(id, sizes);
    if (code !== status.ok) throw this.#refused(code, queue);
    const first = this.#receipt(queue, level);
    let total = 0;
    for (let i = 0; i < sizes.length; i++) total += sizes[i] as number;
    this.counts.add(sizes.length, total);
    this.#handOffAtEndOfTurn();
    const waiting = this.#wait(level, first.position + total, total + overheadBytes * sizes.length, (durability) =>
      first.andFollowing(sizes, durability),
    );
    return options === undefined ? waiting : this.#limited(waiting, options, () => first.as('written'));
  }

  appendSync(queue: QueueState, handle: number, message: QueueMessage, asked: 'written' | 'durable' | undefined): Receipt {
    const level = asked ?? this.#level;
    checkMessage(message);
    const properties = encodeProperties(message);
    const body = this.#give(message, this.#now());
    if (this.#refusal !== undefined) throw this.#refusal();
    const { scratch, addon, id } = this.#session;
    scratch[given.want] = level === 'durable' ? want.durable : want.written;
    const code = addon.appendInline(id, handle, body, properties === '' ? undefined : properties);
    if (code !== status.ok) throw this.#inlineFailed(code, queue);
    const receipt = this.#receipt(queue, level);
    this.counts.add(1, receipt.size);
    return receipt;
  }

  /** What is staged goes to the writer now. */
  handOff(): void {
    this.#isHandOffDue = false;
    this.#session.addon.endTurn(this.#session.id);
  }

  /** Waits for a position that somebody else will bring about; rejects at once when a failed sync keeps it from coming. */
  waitFor<T>(level: 'written' | 'durable', end: number, value: (durability: Durability) => T): Promise<T> {
    const session = this.#session;
    session.addon.marks(session.id);
    if (session.number(got.failed) === 1 && session.number(got[level]) < end) {
      return Promise.reject(this.failureError(`wait until the log is ${level}`, 'no'));
    }
    return this.#wait(level, end, 0, value);
  }

  /** The engine made progress, or stopped making any. */
  progressed(): void {
    const session = this.#session;
    session.addon.marks(session.id);
    this.waiters.settle(session.number(got.written), session.number(got.durable));
    if (session.number(got.failed) === 1) this.fail();
    else if (session.number(got.rejecting) === 1) this.#reject(() => this.#rejectionError());
    this.#holdWhileWaiting();
  }

  /** A sync failed: nobody waits any longer. */
  fail(): void {
    const session = this.#session;
    const errorOf = (waiter: Waiter): StoreError =>
      this.failureError('make an append durable', waiter.bytes > 0 ? 'unknown' : 'no');
    this.waiters.rejectAbove(-1, errorOf);
    session.addon.marks(session.id);
    this.#holdWhileWaiting();
  }

  failureError(doing: string, stored: 'no' | 'unknown'): StoreError {
    const { addon, id } = this.#session;
    return this.#session.error(addon.failure(id), { doing, stored });
  }

  // ---------------------------------------------------------------------------------------------- parts of an append

  /** What the parcel holds becomes part of the batch, and its room free. */
  #giveParcel(queue: QueueState): void {
    const { addon, id } = this.#session;
    const { messages, numbers, bytes } = this.#parcel;
    if (messages > 0) this.#mustFit(addon.batchAddParcel(id, messages, numbers, bytes), queue);
    this.#parcel.clear();
  }

  /** A message whose numbers are the next ones of the parcel, which is empty. */
  #addToBatch(queue: QueueState, body: Uint8Array, properties: string): void {
    const { scratch, addon, id } = this.#session;
    for (let i = 0; i < givenNumbers; i++) scratch[i] = this.#parcel.numbers[i] as number;
    this.#mustFit(addon.batchAdd(id, body, properties === '' ? undefined : properties), queue);
  }

  #mustFit(code: number, queue: QueueState): void {
    if (code !== status.ok) throw this.#session.error(code, { doing: `append a batch to topic "${queue.topic}"` });
  }

  /** Puts the numbers of a message where they are asked for, and returns the body as it is to be stored. */
  #give(message: QueueMessage, now: number, numbers: Float64Array = this.#session.scratch, at = 0): Uint8Array {
    const body = bodyBytes(message.body, this.#options.maxMessageBytes);
    const { flag, sysFlag, bornTimestamp, reconsumeTimes, preparedTransactionOffset, bornHost } = message;
    numbers[at + given.flag] = flag === undefined ? 0 : int32(flag, 'flag', -0x8000_0000);
    numbers[at + given.sysFlag] = sysFlag === undefined ? 0 : checkSysFlag(sysFlag);
    numbers[at + given.now] = now;
    numbers[at + given.bornTimestamp] = bornTimestamp === undefined ? now : safeInteger(bornTimestamp, 'bornTimestamp');
    numbers[at + given.reconsumeTimes] = reconsumeTimes === undefined ? 0 : int32(reconsumeTimes, 'reconsumeTimes', 0);
    numbers[at + given.preparedOffset] =
      preparedTransactionOffset === undefined ? 0 : safeInteger(preparedTransactionOffset, 'preparedTransactionOffset');
    numbers[at + given.bornHost] = bornHost === undefined ? 0 : this.#hostId(bornHost);
    const packed = this.#compressor?.pack(body, sysFlag ?? 0);
    if (packed === undefined) return body;
    numbers[at + given.sysFlag] = packed.sysFlag;
    return packed.body;
  }

  /** The engine's number of a host. Producers come and go, so the oldest number is given to the newest host. */
  #hostId(text: string): number {
    const known = this.#hostIds.get(text);
    if (known !== undefined) return known;
    const host = parseHost(text, 'bornHost');
    const hostId = 1 + (this.#hostsGiven++ % rememberedHosts);
    for (const [old, oldId] of this.#hostIds) {
      if (oldId === hostId) this.#hostIds.delete(old);
      if (oldId !== 0) break; // the first one that is not the default is the oldest
    }
    this.#session.addon.setHost(this.#session.id, hostId, host.bytes, host.port);
    this.#hostIds.set(text, hostId);
    return hostId;
  }

  #now(): number {
    const { clock } = this.#options;
    return clock === Date.now ? Date.now() : safeInteger(clock(), 'clock()');
  }

  #admit(queue: QueueState, bytes: number): void {
    if (this.#refusal !== undefined) throw this.#refusal();
    const pending = this.waiters.pendingBytes;
    if (pending === 0 || pending + bytes <= this.#options.maxPendingBytes) return;
    const busy = (): StoreError =>
      this.#session.error(status.busy, { doing: `append to topic "${queue.topic}"`, errno: 0, position: -1, path: '' });
    this.#refuseUntilDelivered(busy);
    throw busy();
  }

  #refused(code: number, queue: QueueState): StoreError {
    const doing = `append to topic "${queue.topic}"`;
    const error = this.#session.error(code, { doing });
    if (code === status.busy)
      this.#refuseUntilDelivered(() => this.#session.error(code, { doing, errno: 0, position: -1, path: '' }));
    else if (this.#isRejecting()) this.#reject(() => this.#rejectionError());
    return error;
  }

  /** The append that failed, and everything that was waiting in front of it. */
  #inlineFailed(code: number, queue: QueueState): StoreError {
    const error = this.#session.error(code, {
      doing: `append to topic "${queue.topic}"`,
      stored: this.#isRejecting() ? 'no' : this.#storedOf(code),
    });
    this.progressed();
    return error;
  }

  #storedOf(code: number): 'no' | 'unknown' {
    // A failed sync leaves what was just written in doubt; any other status was given before anything was assigned.
    return this.#session.number(got.failed) === 0 && code === 11 ? 'unknown' : 'no';
  }

  #isRejecting(): boolean {
    const session = this.#session;
    session.addon.marks(session.id);
    return session.number(got.rejecting) === 1;
  }

  #rejectionError(): StoreError {
    const { addon, id } = this.#session;
    return this.#session.error(addon.rejection(id), { doing: 'append', stored: 'no' });
  }

  /** Everything not written is rejected, in its order; then the log goes on from what is written. */
  #reject(makeError: () => StoreError): void {
    const { addon, id } = this.#session;
    const first = makeError();
    this.waiters.rejectAbove(this.#session.number(got.written), makeError);
    addon.acceptRejection(id);
    this.#refuseUntilDelivered(() => storeError(first.code, first.message, { stored: 'no', details: first.details }));
    this.#holdWhileWaiting();
  }

  #refuseUntilDelivered(error: () => StoreError): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = error;
    // Two turns of the microtask queue: by then whoever awaited the rejected promise has been told.
    this.#whenDelivered = settled
      .then(() => undefined)
      .then(() => {
        this.#refusal = undefined;
      });
  }

  /** Of the message that the engine has just taken. */
  #receipt(queue: QueueState, durability: Durability): AppendReceipt {
    queue.watch?.touch();
    const { scratch } = this.#session;
    return new AppendReceipt(
      queue.topic,
      queue.queueId,
      scratch[got.offset] as number,
      scratch[got.position] as number,
      scratch[got.size] as number,
      scratch[got.storeTimestamp] as number,
      durability,
      this.#hostHex,
    );
  }

  #handOffAtEndOfTurn(): void {
    if (this.#isHandOffDue) return;
    this.#isHandOffDue = true;
    queueMicrotask(() => {
      if (this.#isHandOffDue) this.handOff();
    });
  }

  #wait<T>(level: 'written' | 'durable', end: number, bytes: number, value: (durability: Durability) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiters.add(level, { end, bytes, resolve: (durability) => resolve(value(durability)), reject });
      this.#holdWhileWaiting();
    });
  }

  #limited<T>(waiting: Promise<T>, options: AppendOptions, receipt: () => Receipt): Promise<T> {
    const details = (): { receipt: Receipt } => ({ receipt: receipt() });
    return withLimits(
      waiting,
      options,
      () =>
        storeError(
          'FLUSH_TIMEOUT',
          `The append was not acknowledged within ${options.timeoutMs} ms. It is in the log; do not repeat it.`,
          { stored: 'yes', details: details() },
        ),
      (signal) => abortError('wait for an append', signal, { stored: 'yes', details: details() }),
    );
  }

  #holdWhileWaiting(): void {
    const isWaiting = this.waiters.size > 0;
    if (isWaiting === this.#isHeld) return;
    this.#isHeld = isWaiting;
    this.#session.hold(isWaiting ? 1 : -1);
  }
}

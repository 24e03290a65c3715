/**
 * Carries out the orders of peer.ts on any store of store.ts, and takes the time: one code for all npm peers, so that what they are
 * measured by is the same.
 *
 * Not measured: making a store, opening and closing it, removing it, making messages. `each` and `inFlight`: a store whose calls have
 * promises gets that many callers, each of which calls again when its promise is fulfilled; one whose calls return at once gets that
 * many calls and then the commit that all of them wait for, which is what as many callers would see. A batch is as large as the order
 * says, or as the store likes best where that many may wait. Nothing here runs beside anything else: one order at a time.
 */
import { mkdir, rm } from 'node:fs/promises';
import { createHistogram } from 'node:perf_hooks';
import type { Sample } from '../../figures.js';
import type { AppendOrder, CloseOrder, FillOrder, OpenOrder, Order, ReadOrder, Reply } from '../peer.js';
import { Messages } from './messages.js';
import { bytesOnDisk } from './size.js';
import type { Feed, GroupWay, Kind, PeerStore } from './store.js';

const fillBatch = 256 * 1024;
/** Before each round of reads; not measured. */
const warmMillis = 500;

export class Orders {
  readonly #kind: Kind;
  /** Filled by an order and open until the process ends. */
  readonly #open: PeerStore[] = [];
  #readable: { directory: string; store: PeerStore } | undefined;
  #touched = 0;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  async obey(order: Order): Promise<Reply> {
    if (order.order === 'append') {
      const reason = this.#kind.refuses(order);
      return reason === undefined ? { sample: await this.#append(order) } : { unsupported: reason };
    }
    if (order.order === 'read') return { sample: await this.#read(order) };
    if (order.order === 'fill') return { sample: await this.#fill(order) };
    if (order.order === 'open') return { sample: await this.#reopen(order) };
    if (order.order === 'close') return this.#close(order);
    return { unsupported: `no order is called ${JSON.stringify((order as { order: unknown }).order)}` };
  }

  async #append(order: AppendOrder): Promise<Sample> {
    const { bodyBytes, queues, hasKeys, durability, directory } = order;
    const mostBytes = order.warmBytes + order.mostBytes;
    await mkdir(directory, { recursive: true });
    const store = await this.#kind.open({ directory, durability, hasKeys, queues, mostBytes, bodyBytes });
    // Many calls that wait for nothing are each too short to look at the clock.
    const every = order.way === 'each' && store.each.kind === 'call' && durability === 'async' && order.inFlight > 16 ? 16 : 1;
    let isClosed = false;
    try {
      const empty = await bytesOnDisk(directory);
      const messages = new Messages(bodyBytes, queues, hasKeys);
      await appendUntil(store, messages, order, untilEither(10 * order.millis, order.warmBytes / bodyBytes, every), () => {});
      const latencies = createHistogram();
      const nanos = order.durability === 'sync' ? (value: number) => latencies.record(value) : () => {};
      const begin = performance.now();
      const done = await appendUntil(store, messages, order, untilEither(order.millis, order.mostBytes / bodyBytes, every), nanos);
      const seconds = (performance.now() - begin) / 1000;
      await checkEnd(store, messages.count, queues);
      await store.close();
      isClosed = true;
      return {
        messagesPerSecond: done / seconds,
        bodyBytesPerSecond: (done * bodyBytes) / seconds,
        ...(store.tellsSize ? { diskBytesPerMessage: ((await bytesOnDisk(directory)) - empty) / messages.count } : {}),
        ...(durability === 'sync'
          ? { p50Micros: latencies.percentile(50) / 1000, p99Micros: latencies.percentile(99) / 1000 }
          : {}),
      };
    } finally {
      if (!isClosed) await store.close();
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #read(order: ReadOrder): Promise<Sample> {
    if (this.#readable?.directory !== order.directory) {
      const store = await this.#filled({ ...order, order: 'fill', queues: 1 });
      this.#readable = { directory: order.directory, store };
    }
    // Between two rounds the system may take back what nobody used.
    await this.#readFor(this.#readable.store, warmMillis);
    const begin = performance.now();
    const { count, bytes } = await this.#readFor(this.#readable.store, order.millis);
    const seconds = (performance.now() - begin) / 1000;
    if (count === 0 || this.#touched === 0) throw new Error('nothing was read');
    return { messagesPerSecond: count / seconds, bodyBytesPerSecond: bytes / seconds };
  }

  /** From the begin, and again at the end; touches one byte in 64. */
  async #readFor(store: PeerStore, millis: number): Promise<{ count: number; bytes: number }> {
    const end = performance.now() + millis;
    let count = 0;
    let bytes = 0;
    let sum = 0;
    const take = (body: Uint8Array): boolean => {
      for (let i = 0; i < body.length; i += 64) sum += body[i] as number;
      bytes += body.length;
      return ++count % 64 !== 0 || performance.now() < end;
    };
    while (performance.now() < end) {
      const before = count;
      await store.read(take);
      if (count === before) throw new Error('there is nothing to read');
    }
    this.#touched += sum;
    return { count, bytes };
  }

  async #fill(order: FillOrder): Promise<Sample> {
    const begin = performance.now();
    await this.#filled(order);
    return { millis: performance.now() - begin, bodyBytes: Math.ceil(order.bytes / order.bodyBytes) * order.bodyBytes };
  }

  async #filled(order: Omit<FillOrder, 'order'> & { order: 'fill' }): Promise<PeerStore> {
    const { directory, bodyBytes, bytes, queues } = order;
    const reason = this.#kind.refuses({ ...fillAsAppend, directory, bodyBytes, queues });
    if (reason !== undefined) throw new Unsupported(reason);
    await mkdir(directory, { recursive: true });
    const store = await this.#kind.open({ directory, durability: 'async', hasKeys: false, queues, mostBytes: bytes, bodyBytes });
    this.#open.push(store);
    const messages = new Messages(bodyBytes, queues, false);
    const batch = Math.max(store.bestBatch, Math.floor(fillBatch / bodyBytes));
    for (let left = Math.ceil(bytes / bodyBytes); left > 0; left -= batch) await store.batch(messages, Math.min(left, batch));
    return store;
  }

  async #reopen({ directory }: OpenOrder): Promise<Sample> {
    const begin = performance.now();
    const store = await this.#kind.open({ directory, durability: 'async', hasKeys: false, queues: 1, mostBytes: 0, bodyBytes: 0 });
    this.#open.push(store);
    const count = await store.count();
    const openMillis = performance.now() - begin;
    if (count === 0) throw new Error(`there is nothing in ${directory}`);
    return { openMillis, messages: count };
  }

  async #close(_: CloseOrder): Promise<Reply> {
    for (const store of this.#open.splice(0)) await store.close();
    if (this.#readable !== undefined) await rm(this.#readable.directory, { recursive: true, force: true });
    return { closed: true };
  }
}

/** A figure counts only if the store has what it acknowledged. */
async function checkEnd(store: PeerStore, appended: number, queues: number): Promise<void> {
  const expected = Math.ceil(appended / queues);
  const found = await store.count();
  if (found !== expected) throw new Error(`${expected} messages of a queue were acknowledged, ${found} are there`);
}

/** Thrown where an order turns out to be one that the store cannot do. */
export class Unsupported extends Error {}

const fillAsAppend: AppendOrder = {
  order: 'append',
  directory: '',
  durability: 'async',
  way: 'batch',
  batchSize: 1,
  bodyBytes: 1,
  queues: 1,
  inFlight: 1,
  hasKeys: false,
  millis: 0,
  warmBytes: 0,
  mostBytes: 0,
};

/** True once the time is over or `most` messages were asked for; looks at the clock every `every` questions. */
function untilEither(millis: number, most: number, every: number): Until {
  const end = performance.now() + millis;
  let left = most;
  let questions = 0;
  let over = false;
  return (count) => {
    if (++questions % every === 0) over ||= performance.now() >= end;
    over ||= left <= 0;
    left -= count;
    return over;
  };
}

type Until = (count: number) => boolean;
type Record = (nanos: number) => void;

/** Messages that were acknowledged. */
async function appendUntil(store: PeerStore, feed: Feed, order: AppendOrder, until: Until, record: Record): Promise<number> {
  const isTimed = order.durability === 'sync';
  if (order.way === 'each') {
    const { each } = store;
    if (each.kind === 'group') return groups(each, feed, order.inFlight, until, record);
    return callers(order.inFlight, 1, isTimed, until, record, () => {
      feed.advance();
      return each.put(feed);
    });
  }
  const wait = Math.max(order.inFlight, order.batchSize);
  const size = Math.min(wait, Math.max(order.batchSize, store.bestBatch));
  return callers(Math.max(1, Math.floor(wait / size)), size, isTimed, until, record, () => store.batch(feed, size));
}

async function groups(way: GroupWay, feed: Feed, size: number, until: Until, record: Record): Promise<number> {
  let done = 0;
  while (!until(size)) {
    const begin = process.hrtime.bigint();
    way.begin();
    for (let i = 0; i < size; i++) {
      feed.advance();
      way.put(feed);
    }
    const promise = way.commit();
    if (promise !== undefined) await promise;
    const nanos = Number(process.hrtime.bigint() - begin);
    for (let i = 0; i < size; i++) record(nanos);
    done += size;
  }
  return done;
}

async function callers(
  lanes: number,
  size: number,
  isTimed: boolean,
  until: Until,
  record: Record,
  call: () => Promise<unknown> | undefined,
): Promise<number> {
  let done = 0;
  const lane = async (): Promise<void> => {
    while (!until(size)) {
      const begin = isTimed ? process.hrtime.bigint() : 0n;
      const promise = call();
      if (promise !== undefined) await promise;
      if (isTimed) {
        const nanos = Number(process.hrtime.bigint() - begin);
        for (let i = 0; i < size; i++) record(nanos);
      }
      done += size;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return done;
}

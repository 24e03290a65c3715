/** The orders of the benchmark as an npm peer carries them out, on a store in memory that counts and on plain files. */
import { appendFileSync, existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { files } from '../bench/peers/npm/files.js';
import { Orders } from '../bench/peers/npm/orders.js';
import type { Feed, Kind, PeerStore } from '../bench/peers/npm/store.js';
import { stream } from '../bench/peers/npm/stream.js';
import type { AppendOrder, FillOrder, Order } from '../bench/peers/peer.js';
import { storeFolder } from './storefolder.js';

const order: Omit<AppendOrder, 'directory'> = {
  order: 'append',
  durability: 'async',
  way: 'each',
  batchSize: 10,
  bodyBytes: 64,
  queues: 1,
  inFlight: 1,
  hasKeys: false,
  millis: 10_000,
  warmBytes: 0,
  mostBytes: 64 * 1000,
};

interface Seen {
  readonly messages: { queue: number; sequence: number; key: string; body: string }[];
  readonly commits: number[];
  readonly batches: number[];
  mostWaiting: number;
  keepsLast: boolean;
}

/** Keeps what it is given; `way` is how its calls are acknowledged. */
function counting(way: 'call' | 'group', bestBatch: number): { kind: Kind; seen: Seen } {
  const seen: Seen = { messages: [], commits: [], batches: [], mostWaiting: 0, keepsLast: true };
  let waiting = 0;
  const take = ({ queue, sequence, key, body }: Feed): void => {
    seen.messages.push({ queue, sequence, key, body: body.toString('hex') });
  };
  const call = async (): Promise<void> => {
    seen.mostWaiting = Math.max(seen.mostWaiting, ++waiting);
    await new Promise(setImmediate);
    waiting--;
  };
  const each: PeerStore['each'] =
    way === 'call'
      ? {
          kind: 'call',
          put: (feed) => {
            take(feed);
            return call();
          },
        }
      : {
          kind: 'group',
          begin: () => {},
          put: take,
          commit: () => {
            seen.commits.push(seen.messages.length);
            return undefined;
          },
        };
  const store: PeerStore = {
    each,
    bestBatch,
    batch: (feed, count) => {
      seen.batches.push(count);
      for (let i = 0; i < count; i++) {
        feed.advance();
        take(feed);
      }
      return call();
    },
    tellsSize: true,
    read: async () => {},
    count: async () => seen.messages.filter(({ queue }) => queue === 0).length - (seen.keepsLast ? 0 : 1),
    close: async () => {},
  };
  return {
    seen,
    kind: { peer: 'counting', version: '1', configuration: '', refuses: () => undefined, open: async () => store },
  };
}

async function sampleOf(orders: Orders, each: Order): Promise<Readonly<Record<string, number>>> {
  const reply = await orders.obey(each);
  if (!('sample' in reply)) throw new Error(JSON.stringify(reply));
  return reply.sample;
}

test('messages are numbered queue by queue, have keys of their own when asked, and bodies of their length', async () => {
  const { kind, seen } = counting('group', 1);
  await sampleOf(new Orders(kind), { ...order, directory: storeFolder(), queues: 3, hasKeys: true });
  expect(seen.messages).toHaveLength(1000);
  expect(seen.messages.slice(0, 7).map(({ queue, sequence }) => [queue, sequence])).toEqual([
    ...[0, 1, 2].map((queue) => [queue, 0]),
    ...[0, 1, 2].map((queue) => [queue, 1]),
    [0, 2],
  ]);
  expect(new Set(seen.messages.map(({ key }) => key)).size).toBe(1000);
  expect(new Set(seen.messages.map(({ body }) => body)).size).toBe(1000);
  expect(seen.messages.every(({ body }) => body.length === 128)).toBe(true);
});

test('calls that return at once are committed when as many wait as are in flight', async () => {
  const { kind, seen } = counting('group', 1);
  await sampleOf(new Orders(kind), { ...order, directory: storeFolder(), durability: 'sync', inFlight: 64 });
  expect(seen.commits.length).toBeGreaterThan(10);
  expect(seen.commits).toEqual(seen.commits.map((_, i) => 64 * (i + 1)));
});

test('of calls with promises as many wait as are in flight', async () => {
  const { kind, seen } = counting('call', 1);
  await sampleOf(new Orders(kind), { ...order, directory: storeFolder(), inFlight: 16 });
  expect(seen.mostWaiting).toBe(16);
});

test.each([
  { says: 'as large as ordered, and as many at once as may wait', bestBatch: 1, batchSize: 10, inFlight: 40, size: 10, waiting: 4 },
  {
    says: 'as large as the store likes, where so many may wait',
    bestBatch: 30,
    batchSize: 10,
    inFlight: 100,
    size: 30,
    waiting: 3,
  },
  { says: 'no larger than what may wait', bestBatch: 1000, batchSize: 10, inFlight: 64, size: 64, waiting: 1 },
])('a batch is $says', async ({ bestBatch, batchSize, inFlight, size, waiting }) => {
  const { kind, seen } = counting('call', bestBatch);
  await sampleOf(new Orders(kind), { ...order, directory: storeFolder(), way: 'batch', batchSize, inFlight });
  expect(new Set(seen.batches)).toEqual(new Set([size]));
  expect(seen.mostWaiting).toBe(waiting);
});

test('latencies are told of appends that wait for the device, and only of them', async () => {
  const { kind } = counting('group', 1);
  const waited = await sampleOf(new Orders(kind), { ...order, directory: storeFolder(), durability: 'sync' });
  expect(waited.p50Micros).toBeGreaterThan(0);
  expect(waited.p99Micros).toBeGreaterThanOrEqual(waited.p50Micros ?? 0);
  const { kind: other } = counting('group', 1);
  expect(Object.keys(await sampleOf(new Orders(other), { ...order, directory: storeFolder() }))).not.toContain('p50Micros');
});

test('a store that lacks a message it acknowledged gets no figures', async () => {
  const { kind, seen } = counting('group', 1);
  seen.keepsLast = false;
  await expect(new Orders(kind).obey({ ...order, directory: storeFolder() })).rejects.toThrow('1000 messages');
});

test('what is unmeasured to begin with is not in the figures, and is in the store', async () => {
  const { kind, seen } = counting('group', 1);
  await sampleOf(new Orders(kind), { ...order, directory: storeFolder(), warmBytes: 64 * 500 });
  expect(seen.messages).toHaveLength(1500);
});

test.each([files, stream])('$peer: figures of an append, and the store is gone afterwards', async (kind) => {
  const directory = storeFolder();
  for (const way of ['each', 'batch'] as const) {
    const sample = await sampleOf(new Orders(kind), { ...order, directory, way, inFlight: 100, bodyBytes: 5000, mostBytes: 5e6 });
    expect(sample.bodyBytesPerSecond).toBeCloseTo((sample.messagesPerSecond ?? 0) * 5000, 0);
    expect(sample.diskBytesPerMessage).toBeGreaterThan(5007);
    expect(sample.diskBytesPerMessage).toBeLessThan(5500);
    expect(existsSync(directory)).toBe(false);
  }
});

test.each([files, stream])('$peer: what cannot be done is said, never measured as something else', async (kind) => {
  const orders = new Orders(kind);
  expect(await orders.obey({ ...order, directory: storeFolder(), queues: 2 })).toEqual({ unsupported: 'a file is one queue' });
  expect(await orders.obey({ ...order, directory: storeFolder(), hasKeys: true })).toHaveProperty('unsupported');
});

const fill: Omit<FillOrder, 'directory'> = { order: 'fill', bodyBytes: 1000, bytes: 1_000_000, queues: 1 };

test.each([files, stream])('$peer: what was filled is there when it is opened, but for a message that was cut', async (kind) => {
  const directory = storeFolder();
  const filler = new Orders(kind);
  expect(await sampleOf(filler, { ...fill, directory })).toMatchObject({ bodyBytes: 1_000_000 });
  expect(await filler.obey({ order: 'close' })).toEqual({ closed: true });
  const log = join(directory, 'log');
  expect(statSync(log).size).toBe(1000 * 1008);
  const opener = new Orders(kind);
  expect(await sampleOf(opener, { order: 'open', directory })).toMatchObject({ messages: 1000 });
  await opener.obey({ order: 'close' });
  truncateSync(log, 1000 * 1008 - 1);
  const again = new Orders(kind);
  expect(await sampleOf(again, { order: 'open', directory })).toMatchObject({ messages: 999 });
  await again.obey({ order: 'close' });
});

test('fs: the log ends at a body that is not what its checksum says, and a frame is length, checksum, body', async () => {
  const directory = storeFolder();
  const filler = new Orders(files);
  await sampleOf(filler, { ...fill, directory, bytes: 3000 });
  await filler.obey({ order: 'close' });
  const log = join(directory, 'log');
  const bytes = readFileSync(log);
  expect(bytes.readUInt32LE(0)).toBe(1000);
  expect(bytes.readUInt32LE(4)).toBe(crc32(bytes.subarray(8, 1008)));
  appendFileSync(log, Buffer.concat([bytes.subarray(0, 1007), Buffer.from([(bytes[1007] as number) ^ 1])]));
  const opener = new Orders(files);
  expect(await sampleOf(opener, { order: 'open', directory })).toMatchObject({ messages: 3 });
  await opener.obey({ order: 'close' });
});

test.each([files, stream])(
  '$peer: bodies longer than what is read at once are read too, and the store goes at the end',
  async (kind) => {
    const directory = storeFolder();
    const orders = new Orders(kind);
    const read = { order: 'read', directory, bodyBytes: 400_000, bytes: 4_000_000, millis: 20 } as const;
    expect((await sampleOf(orders, read)).bodyBytesPerSecond).toBeGreaterThan(0);
    expect((await sampleOf(orders, read)).messagesPerSecond).toBeGreaterThan(0);
    await orders.obey({ order: 'close' });
    expect(existsSync(directory)).toBe(false);
  },
);

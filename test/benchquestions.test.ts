/** What the questions ask for: which combinations, which orders to whom, and that names of probes, limits and charts fit together. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { type Contender, type Contenders, find } from '../bench/contenders.js';
import type { Probe } from '../bench/harness.js';
import type { FillOrder, Order } from '../bench/peers/peer.js';
import type { Question, Setting } from '../bench/question.js';
import { combinations, flush, nameOf } from '../bench/questions/flush.js';
import { latency } from '../bench/questions/latency.js';
import { compared, peers } from '../bench/questions/peers.js';
import { sustained } from '../bench/questions/sustained.js';

function setting(scale: Setting['scale'], more: Partial<Setting> = {}): Setting {
  const limits = { run: async () => ({}) } as unknown as Setting['limits'];
  return { root: tmpdir(), directory: tmpdir(), millis: 10, scale, limits, port: 1, ...more };
}

function names(probes: readonly Probe[]): string[] {
  return probes.map(({ name }) => name);
}

function drawnResults({ charts }: Question): string[] {
  return charts.flatMap((chart) => {
    if (chart.kind === 'bars') return chart.bars.map(({ result }) => result);
    if (chart.kind === 'lines') return chart.lines.flatMap(({ points }) => points.map(({ result }) => result));
    return chart.curves.map(({ result }) => result);
  });
}

test('all combinations of flush modes are 432, a full run takes cuts through them, a quick one a dozen', () => {
  const all = combinations({ scale: 'full', isExhaustive: true }).map(nameOf);
  const full = combinations({ scale: 'full' }).map(nameOf);
  const quick = combinations({ scale: 'quick' }).map(nameOf);
  expect([new Set(all).size, new Set(full).size, quick.length]).toEqual([432, 39, 12]);
  expect([all.length, full.length]).toEqual([432, 39]);
  expect([...full, ...quick].filter((name) => !all.includes(name))).toEqual([]);
  expect(Object.keys(flush.heldAgainst).sort()).toEqual([...all].sort());
});

test('the cuts have every value of everything that is varied', () => {
  const full = combinations({ scale: 'full' });
  const values = (of: keyof (typeof full)[number]): unknown[] => [...new Set(full.map((each) => each[of]))].sort();
  expect(values('flush')).toEqual(['async', 'none', 'sync']);
  expect(values('writeMode')).toEqual(['mapped', 'pwrite']);
  expect([...new Set(full.map(({ inFlight }) => inFlight))]).toEqual([1, 16, 64, 1000]);
  expect([...new Set(full.map(({ bodyBytes }) => bodyBytes))].sort((a, b) => a - b)).toEqual([128, 1024, 16_384]);
  expect([...new Set(full.map(({ queues }) => queues))]).toEqual([1, 4, 1000]);
  expect(values('hasKeys')).toEqual([false, true]);
});

test.each([flush, latency, sustained, peers])(
  '$name: a full run measures everything that is drawn or held against a limit',
  async (question) => {
    const made = names(await question.probes(setting('full', { isExhaustive: true })));
    expect(new Set(made).size).toBe(made.length);
    expect(made.filter((name) => !name.startsWith('limit/') && !name.startsWith(`${question.name}/`))).toEqual([]);
    expect(drawnResults(question).filter((name) => !made.includes(name))).toEqual([]);
    const held = Object.entries(question.heldAgainst).flatMap(([name, { result }]) => [name, result]);
    expect(held.filter((name) => !made.includes(name))).toEqual([]);
  },
);

test('a quick run measures latency at half of the maximum only, and nothing for a minute', async () => {
  expect(names(await latency.probes(setting('quick')))).toEqual(['latency/bare', 'latency/50']);
  expect(await sustained.probes(setting('quick'))).toEqual([]);
});

test('what the native loop answers becomes a curve of latencies', async () => {
  const cycles = {
    cycleP50Micros: 1,
    cycleP90Micros: 2,
    cycleP99Micros: 3,
    cycleP999Micros: 4,
    cycleMaxMicros: 5,
    syncP50Micros: 9,
  };
  const limits = { run: async () => cycles } as unknown as Setting['limits'];
  const [bare] = await latency.probes(setting('quick', { limits }));
  expect(await bare?.run()).toEqual({ p50Micros: 1, p90Micros: 2, p99Micros: 3, p999Micros: 4, maxMicros: 5 });
});

/** Two peers, and what they were ordered. */
function fakes(): { found: Contenders; orders: Map<string, Order>; ends: Map<string, string> } {
  const orders = new Map<string, Order>();
  const ends = new Map<string, string>();
  const probe = (name: string, title: string): Probe => ({ name, title, run: async () => ({ n: 1 }), close: async () => {} });
  const peer = (name: string): Contender => ({ name, close: async () => {} });
  const found: Contenders = {
    peers: [peer('lmdb'), peer('rocketmq')],
    notes: [],
    probe: (_, name, title, order) => {
      orders.set(name, order);
      return probe(name, title);
    },
    reopenProbe: (_, name, title, fill: FillOrder, end) => {
      orders.set(name, fill);
      ends.set(name, end);
      return probe(name, title);
    },
  };
  return { found, orders, ends };
}

test('every peer gets every order, in a directory of its own, right after our own case', () => {
  const { found, orders } = fakes();
  const made = names(compared(setting('full'), found));
  expect(new Set(made).size).toBe(made.length);
  const first = made.indexOf('peers/async-1024-batch/millrace');
  expect(made.slice(first, first + 3)).toEqual(['millrace', 'lmdb', 'rocketmq'].map((who) => `peers/async-1024-batch/${who}`));
  const cases = (who: string): string[] => made.filter((name) => name.endsWith(`/${who}`)).map((name) => name.split('/')[1] ?? '');
  expect(cases('lmdb')).toEqual(cases('millrace'));
  expect(cases('rocketmq')).toEqual([...cases('millrace'), 'open-10000']);
  const directories = [...orders.values()].map((order) => ('directory' in order ? order.directory : ''));
  expect(new Set(directories).size).toBe(directories.length);
});

test("a peer that is another's variant takes part in the main cases only", () => {
  const { found } = fakes();
  const variant: Contender = { name: 'artemisaio', close: async () => {} };
  const made = names(compared(setting('full'), { ...found, peers: [...found.peers, variant] }));
  const cases = made.filter((name) => name.endsWith('/artemisaio')).map((name) => name.split('/')[1]);
  expect(cases).toEqual(['async-1024-batch', 'async-1024-each', 'durable-64']);
});

test('an order says what the case is: durability, way, size, queues, keys', () => {
  const { found, orders, ends } = fakes();
  compared(setting('full'), found);
  const usual = { order: 'append', durability: 'async', bodyBytes: 1024, queues: 1, inFlight: 1000, hasKeys: false, millis: 10 };
  expect(orders.get('peers/async-1024-batch/lmdb')).toMatchObject({ ...usual, way: 'batch', batchSize: 100 });
  expect(orders.get('peers/async-128-each/lmdb')).toMatchObject({ ...usual, way: 'each', bodyBytes: 128 });
  expect(orders.get('peers/queues-1000/lmdb')).toMatchObject({ ...usual, queues: 1000 });
  expect(orders.get('peers/keyed/lmdb')).toMatchObject({ ...usual, hasKeys: true });
  expect(orders.get('peers/durable-1/lmdb')).toMatchObject({ ...usual, durability: 'sync', inFlight: 1 });
  expect(orders.get('peers/durable-64/lmdb-batch')).toMatchObject({
    ...usual,
    durability: 'sync',
    way: 'batch',
    batchSize: 64,
    inFlight: 64,
  });
  expect(orders.get('peers/durable-64/rocketmq-threads')).toMatchObject({
    durability: 'sync',
    way: 'each',
    inFlight: 64,
    threads: 64,
  });
  expect(orders.has('peers/durable-64/lmdb-threads')).toBe(false);
  expect(orders.get('peers/reopen/lmdb')).toMatchObject({ order: 'fill', bytes: 2 ** 31, queues: 1 });
  expect(orders.get('peers/open-10000/rocketmq')).toMatchObject({ order: 'fill', queues: 10_000 });
  expect([ends.get('peers/reopen/lmdb'), ends.get('peers/open-10000/rocketmq')]).toEqual(['killed', 'closed']);
});

test('a quick comparison has two cases and no variants, and fills nothing', () => {
  const { found, ends } = fakes();
  const variant: Contender = { name: 'lmdb-nosync', close: async () => {} };
  const everything = names(compared(setting('quick'), { ...found, peers: [...found.peers, variant] }));
  expect(everything.filter((name) => /-(?:nosync|batch|threads)$/.test(name))).toEqual([]);
  const made = everything.filter((name) => name.endsWith('/lmdb'));
  expect(made).toEqual(['async-1024-batch', 'durable-64'].map((each) => `peers/${each}/lmdb`));
  expect(ends.size).toBe(0);
});

test('without what starts peers nobody takes part, and a note says why', async () => {
  const nobody = await find(tmpdir(), new URL('file:///nowhere/process.js'));
  expect(nobody.peers).toEqual([]);
  expect(nobody.notes).toEqual([
    { name: 'peers', version: '', configuration: 'bench/peers/process.js was not built', isMissing: true },
  ]);
});

test('peers are those that the module beside finds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'contenders-'));
  try {
    const module = join(folder, 'process.mjs');
    writeFileSync(
      module,
      `export async function findPeers(root) { return { peers: [{ name: root, close: async () => {} }], notes: [] }; }
       export function peerProbe(peer, name) { return { name, title: peer.name }; }
       export function reopenPeerProbe(peer, name, title, fill, end) { return { name, title: end }; }`,
    );
    const { peers: found, probe, reopenProbe } = await find('here', pathToFileURL(module));
    const [peer] = found;
    if (peer === undefined) throw new Error('there is one');
    expect(probe(peer, 'a', '', { order: 'close' })).toEqual({ name: 'a', title: 'here' });
    const fill: FillOrder = { order: 'fill', directory: folder, bodyBytes: 1, bytes: 1, queues: 1 };
    expect(reopenProbe(peer, 'b', '', fill, 'closed')).toEqual({ name: 'b', title: 'closed' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

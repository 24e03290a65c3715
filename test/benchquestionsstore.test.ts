/**
 * The questions about the store alone: that names of probes, charts and limits fit together, and that what they start really measures.
 *
 * Only the cheapest of them run here, for milliseconds each: that there are figures, not which.
 */
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sample } from '../bench/figures.js';
import { hasUnit } from '../bench/figures.js';
import type { Probe } from '../bench/harness.js';
import type * as killedModule from '../bench/killed.js';
import type { Chart, Question, Setting } from '../bench/question.js';
import type * as callsModule from '../bench/questions/calls.js';
import { calls } from '../bench/questions/calls.js';
import { cold } from '../bench/questions/cold.js';
import { compressing } from '../bench/questions/compressing.js';
import { keys } from '../bench/questions/keys.js';
import { memory } from '../bench/questions/memory.js';
import { reading } from '../bench/questions/reading.js';
import { recovery } from '../bench/questions/recovery.js';
import { transfer } from '../bench/questions/transfer.js';
import { type BuiltBenchmark, buildBenchmark } from './benchbuild.js';
import { storeFolder } from './storefolder.js';

const questions: readonly Question[] = [calls, reading, cold, transfer, recovery, memory, compressing, keys];
let built: BuiltBenchmark;
/** Discards what it gets. */
const receiver = createServer((socket) => socket.on('error', () => {}).resume());

beforeAll(async () => {
  built = buildBenchmark();
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  receiver.close();
  built.remove();
});

/** `answer`: of everything that the native program is asked. */
function setting(scale: Setting['scale'], answer: Sample = {}): Setting {
  const limits = { run: async () => answer } as unknown as Setting['limits'];
  const directory = storeFolder();
  mkdirSync(directory);
  return { root: process.cwd(), directory, millis: 10, scale, limits, port: (receiver.address() as AddressInfo).port };
}

function names(probes: readonly Probe[]): string[] {
  return probes.map(({ name }) => name);
}

function drawn(chart: Chart): string[] {
  if (chart.kind === 'bars') return chart.bars.map(({ result }) => result);
  if (chart.kind === 'lines') return chart.lines.flatMap(({ points }) => points.map(({ result }) => result));
  return chart.curves.map(({ result }) => result);
}

function limitOf(chart: Chart): { result: string; figure: string }[] {
  return chart.kind === 'latencies' || chart.limit === undefined ? [] : [chart.limit];
}

test.each(questions)('$name: each probe has a name of its own, which begins with the question or is a limit', async (question) => {
  const made = names(await question.probes(setting('full')));
  expect(new Set(made).size).toBe(made.length);
  expect(made.filter((name) => !name.startsWith('limit/') && !name.startsWith(`${question.name}/`))).toEqual([]);
});

test.each(questions)('$name: a full run measures everything that is drawn or held against a limit', async (question) => {
  const made = names(await question.probes(setting('full')));
  const limits = question.charts.flatMap(limitOf).map(({ result }) => result);
  const held = Object.entries(question.heldAgainst).flatMap(([name, { result }]) => [name, result]);
  const asked = [...question.charts.flatMap(drawn), ...limits, ...held];
  expect(asked.filter((name) => !made.includes(name))).toEqual([]);
  const own = made.filter((name) => name.startsWith(`${question.name}/`));
  expect(own.filter((name) => !question.charts.flatMap(drawn).includes(name))).toEqual([]);
});

test.each(questions)('$name: what is drawn or divided has a unit', ({ charts, heldAgainst }) => {
  const figures = charts.flatMap((chart) => ('figure' in chart ? [chart.figure] : []));
  const limits = [...charts.flatMap(limitOf), ...Object.values(heldAgainst)];
  const all = [...figures, ...limits.map(({ figure }) => figure), ...Object.values(heldAgainst).map(({ of }) => of)];
  expect(all.filter((figure) => !hasUnit(figure))).toEqual([]);
});

test.each(questions)('$name: a quick run takes some of a full one, with limits, and fewer rounds', async (question) => {
  const full = names(await question.probes(setting('full')));
  const quick = await question.probes(setting('quick'));
  const own = quick.filter(({ name }) => name.startsWith(`${question.name}/`));
  expect(names(quick).filter((name) => !full.includes(name))).toEqual([]);
  expect(own.length).toBeGreaterThan(0);
  expect(quick.length).toBeLessThan(full.length);
  expect(own.filter(({ rounds = 5, isLong = false }) => rounds > 3 && !isLong).map(({ name }) => name)).toEqual([]);
});

test('what takes minutes is long: ten million messages, a hundred thousand queues', async () => {
  const all = (await Promise.all(questions.map((question) => question.probes(setting('full'))))).flat();
  expect(names(all.filter(({ isLong }) => isLong))).toEqual(['recovery/queues-100000', 'keys/find-10000000', 'keys/time-10000000']);
});

test('where files stay in memory whatever is done, nothing is called cold', async () => {
  expect(await cold.probes(setting('full', { residentBytes: 2 ** 24 }))).toEqual([]);
});

test('each single call is measured by Benchmark.js in a process of its own', { timeout: 120_000 }, async () => {
  const { calls: builtCalls } = await built.load<typeof callsModule>('questions/calls');
  const probes = (await builtCalls.probes(setting('full'))).filter(({ name }) => name.startsWith('calls/'));
  for (const probe of probes) {
    const { nanosPerCall = 0, callsPerSecond = 0, errorPercent = -1 } = await probe.run();
    await probe.close();
    expect([probe.name, nanosPerCall > 1]).toEqual([probe.name, true]);
    expect(callsPerSecond * nanosPerCall).toBeCloseTo(1e9, 0);
    expect(errorPercent).toBeGreaterThanOrEqual(0);
  }
});

/** One of each case, with a question's module and name. */
const cheap = [
  'reading/read',
  'reading/readRaw',
  'reading/tag',
  'reading/offset',
  'transfer/transfer-1024',
  'recovery/queues-10',
  'memory/written-256',
  'compressing/rows-lz4',
  'keys/time-10000',
];

test.each(cheap)('%s gives every figure that is drawn or divided', { timeout: 120_000 }, async (name) => {
  const [module = ''] = name.split('/');
  const question = (await built.load<Record<string, Question>>(`questions/${module}`))[module];
  const probe = (await question?.probes(setting('full')))?.find((each) => each.name === name);
  if (question === undefined || probe === undefined) throw new Error(`nothing is called ${name}`);
  const sample = await probe.run();
  await probe.close();
  const charts = question.charts.filter((chart) => drawn(chart).includes(name));
  const asked = [...charts.flatMap((chart) => ('figure' in chart ? [chart.figure] : [])), question.heldAgainst[name]?.of];
  expect(charts.length).toBeGreaterThan(0);
  for (const figure of asked)
    if (figure !== undefined)
      expect(sample).toHaveProperty(
        figure,
        expect.toSatisfy((value) => value > 0),
      );
});

test('a killed store is opened again and again as it was left', { timeout: 60_000 }, async () => {
  const { KilledStore } = await built.load<typeof killedModule>('killed');
  const directory = storeFolder();
  const store = new KilledStore(directory, 8 * 2 ** 20, async () => {});
  try {
    const first = await store.open(false);
    const second = await store.open(false);
    const bare = await store.open(true);
    expect(first.openMillis).toBeGreaterThan(0);
    expect(second.scannedMiB).toBe(first.scannedMiB);
    expect(bare.scannedMiB).toBeGreaterThanOrEqual(8);
    expect(bare.scannedMiB).toBeGreaterThanOrEqual(first.scannedMiB ?? Number.NaN);
  } finally {
    await store.remove();
  }
  expect(() => statSync(directory)).toThrow('ENOENT');
});

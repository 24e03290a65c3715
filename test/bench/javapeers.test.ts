/**
 * The peers in Java do what the orders of the benchmark say: their figures are of what they did, what they read is what they wrote,
 * and what they call durable was synced. Needs Java, and Maven once; without them the tests are skipped, and with CI set they fail.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildJavaPeers } from '../../bench/peers/java.js';
import type { AppendOrder, Order, Reply } from '../../bench/peers/peer.js';
import { Talk } from './talk.js';

const bodyBytes = 1024;
/** By what a store knows how it was left. */
const marks: Readonly<Record<string, { file: string; when: 'killed' | 'closed' }>> = {
  rocketmq: { file: 'abort', when: 'killed' },
  kafka: { file: '.kafka_cleanshutdown', when: 'closed' },
};
const readers = ['rocketmq', 'kafka', 'chronicle'];
const hasStrace = spawnSync('strace', ['-V']).status === 0;
const programs = await buildJavaPeers(process.cwd());
for (const { name, command } of programs) {
  if (!('missing' in command)) continue;
  if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(`${name}: ${command.missing}`);
  console.warn(`${name}: ${command.missing}. The tests are skipped.`);
}
const runnable = programs.flatMap(({ name, command }) => ('missing' in command ? [] : [{ name, command }]));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-peer-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function append(changes: Partial<AppendOrder>): AppendOrder {
  const tiny = { millis: 60_000, warmBytes: 0, mostBytes: 64 * bodyBytes };
  return {
    ...{
      order: 'append',
      directory: join(directory, 'append'),
      durability: 'async',
      way: 'each',
      batchSize: 16,
      bodyBytes,
      queues: 1,
    },
    ...{ inFlight: 1, hasKeys: false, ...tiny, ...changes },
  };
}

/** The sample; a peer that cannot run on this machine skips the test. */
function sampleOf(reply: Reply, skip: (note: string) => never): Readonly<Record<string, number>> {
  if ('unsupported' in reply && reply.unsupported === 'libaio does not load here') skip(reply.unsupported);
  if (!('sample' in reply)) throw new Error(`no sample but ${JSON.stringify(reply)}`);
  return reply.sample;
}

/** How often the peer asked for a sync while it obeyed `order`, and nothing else. */
async function syncsOf(command: readonly string[], order: Order, skip: (note: string) => never): Promise<number> {
  const counts = join(directory, 'counts');
  await using peer = new Talk(['strace', '-f', '--seccomp-bpf', '-o', counts, '-e', 'trace=fsync,fdatasync,msync', ...command]);
  sampleOf(await peer.ask(order), skip);
  await peer.close();
  return readFileSync(counts, 'utf8')
    .split('\n')
    .filter((line) => /\b(?:fsync|fdatasync|msync)\(/.test(line)).length;
}

test('every peer is built, or missing for a reason', () => {
  expect(programs.map(({ name }) => name)).toEqual(['rocketmq', 'kafka', 'artemis', 'artemisaio', 'chronicle']);
  for (const { command } of programs) {
    if ('missing' in command) expect(command.missing).toMatch(/\w/);
    else expect(command[0]).toBe('java');
  }
});

describe.each(runnable)('$name', ({ name, command }) => {
  let peer: Talk;
  beforeAll(() => {
    peer = new Talk(command);
  });
  afterAll(() => peer[Symbol.asyncDispose]());

  test('says who it is, which version, and in one line how it is set up', async () => {
    expect(await peer.hello).toEqual({
      peer: name,
      version: expect.stringMatching(/\d\.\d|\d{4}\.\d/),
      configuration: expect.stringMatching(/^[^\n]{40,}$/),
    });
  });

  test.for([
    { durability: 'async', way: 'each', inFlight: 1000, queues: 1 },
    { durability: 'async', way: 'batch', inFlight: 1000, queues: 3 },
    { durability: 'sync', way: 'each', inFlight: 1, queues: 1 },
    { durability: 'sync', way: 'each', inFlight: 8, queues: 3 },
    { durability: 'sync', way: 'batch', inFlight: 8, queues: 1 },
  ] as const)('appends $durability, $way, to $queues queues, and leaves nothing', async (how, { skip }) => {
    const sample = sampleOf(await peer.ask(append(how)), skip);
    expect(sample.messagesPerSecond).toBeGreaterThan(0);
    expect((sample.bodyBytesPerSecond ?? 0) / (sample.messagesPerSecond ?? 0)).toBeCloseTo(bodyBytes, 3);
    // Unless its records are whole blocks of the disk.
    expect(sample.diskBytesPerMessage).toBeGreaterThanOrEqual(bodyBytes);
    expect(sample.diskBytesPerMessage).toBeLessThan(name === 'artemisaio' ? 8192 : 1.5 * bodyBytes);
    if (how.durability === 'sync') {
      expect(sample.p50Micros).toBeGreaterThan(1);
      expect(sample.p99Micros).toBeGreaterThanOrEqual(sample.p50Micros ?? Number.NaN);
    } else {
      expect(sample.p50Micros).toBeUndefined();
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test('stops when its time is over', async ({ skip }) => {
    const order = append({ millis: 50, mostBytes: 2 ** 40, bodyBytes: 16_384 });
    const began = performance.now();
    const sample = sampleOf(await peer.ask(order), skip);
    expect(sample.messagesPerSecond).toBeGreaterThan(0);
    expect(performance.now() - began).toBeLessThan(60_000);
  });

  test.skipIf(!hasStrace)('syncs for every message that it calls durable, and hardly otherwise', async ({ skip }) => {
    // One unmeasured round of the same comes first: what is measured are as many again.
    const messages = 64;
    const order = append({ mostBytes: messages * bodyBytes });
    const sync = await syncsOf(command, { ...order, durability: 'sync' }, skip);
    const async = await syncsOf(command, order, skip);
    expect(sync).toBeGreaterThanOrEqual(2 * messages);
    expect(async).toBeLessThan(sync - messages);
  });

  test.for(['killed', 'closed'] as const)('opens in a fresh process all that one left that was %s', async (end, { skip }) => {
    const bytes = 3000 * bodyBytes;
    const place = join(directory, 'filled');
    {
      await using filler = new Talk(command);
      const filled = sampleOf(await filler.ask({ order: 'fill', directory: place, bodyBytes, bytes, queues: 3 }), skip);
      expect(filled.bodyBytes).toBe(bytes);
      expect(filled.millis).toBeGreaterThan(0);
      expect(readdirSync(place)).not.toEqual([]);
      if (end === 'closed') expect(await filler.close()).toEqual({ closed: true });
    }
    const mark = marks[name];
    if (mark !== undefined) expect(readdirSync(place).includes(mark.file)).toBe(mark.when === end);
    await using opener = new Talk(command);
    const opened = sampleOf(await opener.ask({ order: 'open', directory: place }), skip);
    expect(opened.messages).toBe(bytes / bodyBytes);
    expect(opened.openMillis).toBeGreaterThan(0);
    expect(await opener.close()).toEqual({ closed: true });
  });

  test('fills every queue, however little it is told to', async ({ skip }) => {
    await using own = new Talk(command);
    const order = { order: 'fill', directory: join(directory, 'filled'), bodyBytes, bytes: 1, queues: 7 } as const;
    expect(sampleOf(await own.ask(order), skip).bodyBytes).toBe(7 * bodyBytes);
  });

  test('reads what it appended, all of it compared before it is measured, or says why it cannot', async ({ skip }) => {
    await using own = new Talk(command);
    const order = { order: 'read', directory: join(directory, 'read'), bodyBytes, bytes: 5000 * bodyBytes, millis: 20 } as const;
    if (!readers.includes(name)) return expect(await own.ask(order)).toEqual({ unsupported: expect.stringMatching(/\w/) });
    for (let round = 0; round < 2; round++) {
      const sample = sampleOf(await own.ask(order), skip);
      expect(sample.verifiedMessages).toBe(5000);
      expect(sample.messagesPerSecond).toBeGreaterThan(0);
    }
    expect(readdirSync(directory)).toEqual(['read']);
    expect(await own.close()).toEqual({ closed: true });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('answers what makes no sense with an error, and goes on', async ({ skip }) => {
    expect(await peer.ask({ ...append({}), way: 'sideways' } as unknown as Order)).toEqual({
      error: expect.stringMatching(/sideways/),
    });
    expect(await peer.ask({ order: 'dance' } as unknown as Order)).toEqual({ error: expect.stringMatching(/dance/) });
    sampleOf(await peer.ask(append({})), skip);
  });
});

test.runIf(runnable.some(({ name }) => name === 'rocketmq'))(
  'RocketMQ tries one thread and two, and keeps as many as it is told',
  async () => {
    await using peer = new Talk(runnable.find(({ name }) => name === 'rocketmq')?.command ?? []);
    const free = await peer.ask(append({}));
    expect(free).toEqual({ sample: expect.objectContaining({ threads: expect.toSatisfy((count) => count === 1 || count === 2) }) });
    const told = await peer.ask(append({ durability: 'sync', threads: 4 }));
    expect(told).toEqual({ sample: expect.objectContaining({ p50Micros: expect.any(Number) }) });
    expect(told).not.toHaveProperty('sample.threads');
  },
);

test.runIf(runnable.length > 0)('keys are for the one that finds messages by them; the others say why not', async () => {
  for (const { name, command } of runnable) {
    await using peer = new Talk(command);
    const reply = await peer.ask(append({ hasKeys: true }));
    if (name === 'rocketmq') expect(reply).toHaveProperty('sample.diskBytesPerMessage');
    else expect(reply).toEqual({ unsupported: expect.stringMatching(/key|libaio/) });
  }
});

/**
 * Keys, times and tags in one directory, whoever wrote it: both stores answer the same random questions, ours as a scan does, and
 * RocketMQ's the same but for its known errors (knownerrors.ts), each of which is met.
 */
import { describe, expect, inject, test } from 'vitest';
import { type Message, MessageStore, type StoreOptions } from '../../dist/index.js';
import { RandomNumbers } from '../randomnumbers.js';
import type { KeyAsked } from './asked.js';
import { newDirectory } from './directories.js';
import { newSeed } from './given.js';
import { IndexEntries, KnownErrors, type Rule, type Stored } from './knownerrors.js';
import { Referee, type RefereeReceipt, type RefereeSettings } from './referee.js';

const seed = newSeed();
const slots = 7;
const settings: RefereeSettings = { commitLogBytes: 16 * 1024, queueEntries: 7, indexSlots: slots, indexEntries: 100 };
const options: StoreOptions = {
  commitLog: { fileBytes: 16 * 1024 },
  consumeQueue: { entriesPerFile: 7 },
  index: { slotsPerFile: slots, entriesPerFile: 100, tags: true },
};

/** Aa and BB have one hash, so have all words made of them, and the names of two topics. */
const topics = ['Aa', 'BB', 'plain'] as const;
const queues = 2;
const words = ['Aa', 'BB', 'AaAa', 'BBBB', 'AaBB', 'one', 'two'];
const everywhere = 'everywhere';
/** The last one has the hash of no tag at all: 0. */
const tags = ['Aa', 'BB', 'red', 'f5a5a608'];
const filters = [...tags, 'Aa || red', 'BB || f5a5a608 || nobody', 'nobody'];
const PREPARED = 0x4;
const COMMIT = 0x8;
const ROLLBACK = 0xc;

interface Spec {
  topic: string;
  queueId: number;
  body: Buffer;
  keys: string[];
  unique: string | undefined;
  tags: string | undefined;
  sysFlag: number;
  storeTimestamp: number;
}

/** In this part each message has one key, and comes seconds after the one before: a file of the index begins between two of them. */
const isSlow = (number: number): boolean => number >= 300 && number < 410;

/** Messages whose times mostly stand still, and go on by little or by much. */
function randomSpecs(count: number): Spec[] {
  const random = new RandomNumbers(seed);
  const one = <T>(from: readonly T[]): T => from[random.between(0, from.length - 1)] as T;
  let time = 1_700_000_000_000;
  return Array.from({ length: count }, (_, number) => {
    const slow = isSlow(number);
    if (slow || random.chance(0.15)) time += slow || random.chance(0.2) ? random.between(1_000, 9_000) : random.between(1, 700);
    const keys = [...Array.from({ length: random.between(0, 3) }, () => one(words)), ...(random.chance(0.7) ? [everywhere] : [])];
    return {
      topic: one(topics),
      queueId: random.between(0, queues - 1),
      body: Buffer.alloc(random.between(0, 300), number),
      keys: slow ? ['one'] : keys,
      unique: !slow && random.chance(0.5) ? `U${random.between(0, 40)}` : undefined,
      tags: slow || random.chance(0.3) ? undefined : one(tags),
      sysFlag: !slow && random.chance(0.1) ? one([PREPARED, COMMIT, ROLLBACK]) : 0,
      storeTimestamp: time,
    };
  });
}

function asStored(spec: Spec, { offset, position, storeTimestamp }: Omit<RefereeReceipt, 'size'>): Stored {
  expect(storeTimestamp).toBe(spec.storeTimestamp);
  const all = spec.unique === undefined ? spec.keys : [spec.unique, ...spec.keys];
  const isRollback = spec.sysFlag === ROLLBACK;
  const isInQueue = !isRollback && spec.sysFlag !== PREPARED;
  // RocketMQ neither indexes a rollback nor finds it.
  return {
    ...{ topic: spec.topic, queueId: spec.queueId, offset, position, storeTimestamp, isInQueue },
    ...{ keys: isRollback ? [] : all, tags: isRollback ? undefined : spec.tags },
  };
}

async function writeOurs(directory: string, specs: readonly Spec[]): Promise<Stored[]> {
  let now = 0;
  const store = await MessageStore.open(directory, { ...options, flush: 'async', clock: () => now });
  for (const name of topics) if (store.topic(name) === undefined) await store.createTopic(name, { queues });
  const stored: Stored[] = [];
  for (const spec of specs) {
    now = spec.storeTimestamp;
    const { unique, storeTimestamp, ...message } = spec;
    const properties = unique === undefined ? {} : { properties: { UNIQ_KEY: unique } };
    stored.push(asStored(spec, await store.append({ ...message, ...properties } satisfies Message)));
  }
  await store.close();
  return stored;
}

async function writeTheirs(directory: string, specs: readonly Spec[]): Promise<Stored[]> {
  await using java = new Referee();
  await java.open(directory, settings);
  const messages = specs.map(({ unique, keys, ...spec }) => ({
    ...spec,
    ...(keys.length === 0 ? {} : { keys: keys.join(' ') }),
    ...(unique === undefined ? {} : { properties: { UNIQ_KEY: unique } }),
  }));
  const receipts: RefereeReceipt[] = [];
  // Few enough for less than one file of the index: it names them by the millisecond, and two of one name would be one.
  for (let i = 0; i < messages.length; i += 10) receipts.push(...(await java.append(messages.slice(i, i + 10))));
  await java.close();
  return specs.map((spec, i) => asStored(spec, receipts[i] as RefereeReceipt));
}

/** Everything for each key and tag, and windows that begin or end at and beside every time of a message. */
function keyQuestions(stored: readonly Stored[]): KeyAsked[] {
  const random = new RandomNumbers(seed + 1);
  const asked: KeyAsked[] = [];
  for (const topic of [...topics, 'none']) {
    for (const key of [...words, everywhere, 'U1', 'U7', 'nobody']) asked.push({ topic, key });
    for (const key of tags) asked.push({ topic, key, isTag: true });
  }
  for (const { topic, keys, tags: tag, storeTimestamp: time } of stored) {
    const near = time + random.between(-1, 1);
    const windows = [
      { begin: near },
      { end: near },
      { begin: near, end: near + random.between(0, 2_500) },
      { begin: time, end: time },
    ];
    for (const window of windows) {
      for (const key of new Set(keys)) asked.push({ topic, key, ...window });
      if (tag !== undefined) asked.push({ topic, key: tag, isTag: true, ...window });
    }
  }
  return asked;
}

const timesOf = (stored: readonly Stored[]): number[] => [
  ...new Set(stored.flatMap(({ storeTimestamp: time }) => [time - 1, time, time + 1, time - 5_000])),
];
const queuesOf = topics.flatMap((topic) => Array.from({ length: queues }, (_, queueId) => ({ topic, queueId })));
const bounds = ['lower', 'upper'] as const;

/** What a scan of everything that was appended finds. */
const scan = {
  byKey: (stored: readonly Stored[], { topic, key, isTag, begin = 0, end = Number.MAX_SAFE_INTEGER }: KeyAsked): number[] =>
    stored
      .filter((each) => each.topic === topic && (isTag === true ? each.tags === key : each.keys.includes(key)))
      .filter(({ storeTimestamp }) => storeTimestamp >= begin && storeTimestamp <= end)
      .map(({ position }) => position)
      .sort((a, b) => b - a),
  queue: (stored: readonly Stored[], topic: string, queueId: number): Stored[] =>
    stored.filter((each) => each.isInQueue && each.topic === topic && each.queueId === queueId),
  byTime: (queue: readonly Stored[], time: number, bound: 'lower' | 'upper'): number =>
    bound === 'lower'
      ? (queue.find(({ storeTimestamp }) => storeTimestamp >= time)?.offset ?? queue.length)
      : (queue.findLast(({ storeTimestamp }) => storeTimestamp <= time)?.offset ?? -1),
  byTags: (queue: readonly Stored[], wanted: readonly string[]): number[] =>
    queue.filter((each) => each.tags !== undefined && wanted.includes(each.tags)).map(({ offset }) => offset),
};

/** How often the messages on both sides of a border between two files of a queue have one time. */
function equalTimesAcrossFiles(stored: readonly Stored[]): number {
  const every = settings.queueEntries as number;
  const isAtBorder = (queue: Stored[], i: number): boolean =>
    i > 0 && i % every === 0 && queue[i]?.storeTimestamp === queue[i - 1]?.storeTimestamp;
  return queuesOf
    .map(({ topic, queueId }) => scan.queue(stored, topic, queueId))
    .reduce((sum, queue) => sum + queue.filter((_, i) => isAtBorder(queue, i)).length, 0);
}

/** Every question to our store, each answer as a scan finds it. */
async function expectOursAsScanned(directory: string, stored: readonly Stored[], keys: readonly KeyAsked[]): Promise<void> {
  const store = await MessageStore.open(directory, options);
  for (const asked of keys) {
    const { topic, key, isTag, begin, end } = asked;
    const found = await store.findByKey(topic, isTag === true ? `T#${key}` : key, { begin, end, maxMessages: 1024 });
    expect(
      found.map(({ position }) => position),
      JSON.stringify(asked),
    ).toEqual(scan.byKey(stored, asked));
  }
  for (const { topic, queueId } of queuesOf) {
    const queue = scan.queue(stored, topic, queueId);
    for (const time of timesOf(stored)) {
      for (const bound of bounds) {
        expect(await store.offsetAt(topic, queueId, time, bound), `${time} ${bound}`).toBe(scan.byTime(queue, time, bound));
      }
    }
    for (const filter of filters) {
      const { messages, nextOffset } = await store.read(topic, queueId, 0, { tags: filter, maxMessages: 10_000 });
      expect(nextOffset).toBe(queue.length);
      expect(messages.map(({ offset }) => offset)).toEqual(scan.byTags(queue, filter.split(' || ')));
    }
  }
  await store.close();
}

/** The same questions to RocketMQ's, each difference accounted for. */
async function checkTheirs(directory: string, stored: readonly Stored[], keys: readonly KeyAsked[]): Promise<Map<Rule, number>> {
  const known = new KnownErrors(stored, new IndexEntries(directory, slots));
  await using java = new Referee();
  await java.open(directory, settings);
  const byKey = await java.byKey(keys);
  for (const [i, asked] of keys.entries()) known.checkKey(asked, scan.byKey(stored, asked), byKey[i] as number[]);

  const times = queuesOf.flatMap((queue) =>
    timesOf(stored).flatMap((timestamp) => bounds.map((bound) => ({ ...queue, timestamp, bound }))),
  );
  const byTime = await java.byTime(times);
  for (const [i, { topic, queueId, timestamp, bound }] of times.entries()) {
    const queue = scan.queue(stored, topic, queueId);
    known.checkTime(queue, timestamp, bound, scan.byTime(queue, timestamp, bound), byTime[i] as number);
  }

  const pulls = queuesOf.flatMap((queue) => filters.map((filter) => ({ ...queue, tags: filter })));
  const byTags = await java.byTags(pulls);
  for (const [i, { topic, queueId, tags: filter }] of pulls.entries()) {
    const queue = scan.queue(stored, topic, queueId);
    const wanted = filter.split(' || ');
    known.checkTags(queue, wanted, scan.byTags(queue, wanted), byTags[i] as number[]);
  }
  await java.close();
  return known.met;
}

const everyRule: Rule[] = [
  'sharedHash',
  'oncePerKey',
  'atMost64',
  'roundedDown',
  'firstOfFile',
  'nothingThatOld',
  'sharedTagHash',
  'noTag',
];

describe.skipIf(!inject('referee').ok)(`both stores are asked the same of one directory, seed ${seed}`, () => {
  const specs = randomSpecs(450);
  const half = specs.length / 2;
  test.each([
    ['Millrace', [writeOurs]],
    ['RocketMQ', [writeTheirs]],
    ['Millrace and then RocketMQ', [writeOurs, writeTheirs]],
    ['RocketMQ and then Millrace', [writeTheirs, writeOurs]],
  ] as const)('written by %s', async (_, writers) => {
    const directory = newDirectory();
    const stored: Stored[] = [];
    for (const [i, write] of writers.entries()) {
      stored.push(...(await write(directory, writers.length === 1 ? specs : specs.slice(i * half, (i + 1) * half))));
    }
    expect(equalTimesAcrossFiles(stored)).toBeGreaterThan(0);
    const keys = keyQuestions(stored);
    await expectOursAsScanned(directory, stored, keys);
    const met = await checkTheirs(directory, stored, keys);
    expect([...met.keys()].sort()).toEqual([...everyRule].sort());
  });
});

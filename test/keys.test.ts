/**
 * Look-ups by key answer like a scan of everything that was appended: whatever was rolled, closed, damaged, cut or killed in between.
 *
 * More than 300 lines: every way to lose an index is tried against the same scan.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { KeyQuery, Message, MessageStore, StoreOptions } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { flipBit } from './flipbit.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

/** Aa and BB have one hash, and so have all words made of them. */
const keys = ['Aa', 'BB', 'AaAa', 'BBBB', 'AaBB', 'other'];
const topics = ['Aa', 'BB', 'plain'];
const small: StoreOptions = {
  flush: { mode: 'async', intervalMs: 20 },
  commitLog: { fileBytes: 16 * 1024 },
  index: { slotsPerFile: 3, entriesPerFile: 12 },
};

interface Kept {
  readonly topic: string;
  readonly keys: readonly string[];
  readonly position: number;
  readonly time: number;
}

/** What a scan of everything finds: positions, newest first. */
function scan(kept: readonly Kept[], topic: string, key: string, query: KeyQuery = {}): number[] {
  const { begin = 0, end = Number.MAX_SAFE_INTEGER, maxMessages = 32 } = query;
  return kept
    .filter((each) => each.topic === topic && each.keys.includes(key) && each.time >= begin && each.time <= end)
    .map(({ position }) => position)
    .reverse()
    .slice(0, maxMessages);
}

async function found(store: MessageStore, topic: string, key: string, query?: KeyQuery): Promise<number[]> {
  return (await store.findByKey(topic, key, query)).map(({ position }) => position);
}

async function append(store: MessageStore, kept: Kept[], message: Message, words: readonly string[]): Promise<void> {
  const { topic, position, storeTimestamp } = await store.append(message);
  kept.push({ topic, keys: words, position, time: storeTimestamp });
}

/** Every key of every topic, whole. */
async function expectEverything(store: MessageStore, kept: readonly Kept[]): Promise<void> {
  for (const topic of topics) {
    for (const key of keys) {
      const query = { maxMessages: 1024 };
      expect(await found(store, topic, key, query), `${topic}#${key}`).toEqual(scan(kept, topic, key, query));
    }
  }
}

function fill(store: MessageStore, kept: Kept[], count: number): Promise<unknown> {
  const words = (i: number): string[] => [keys[i % keys.length] as string, keys[(i * 5 + 1) % keys.length] as string];
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      append(store, kept, { topic: topics[i % 3] as string, keys: words(i), body: `${i}` }, words(i)),
    ),
  );
}

/** The background has brought everything into files. */
async function settled(store: MessageStore): Promise<void> {
  while ((store.stats().indexBacklogBytes ?? 0) > 0) {
    // because the background tells nobody when it is done
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function indexFiles(directory: string): string[] {
  const folder = join(directory, 'index');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

type Step =
  | {
      readonly do: 'append';
      readonly topic: string;
      readonly words: readonly string[];
      readonly unique: boolean;
      readonly size: number;
    }
  | { readonly do: 'batch'; readonly topic: string; readonly words: readonly string[]; readonly count: number }
  | { readonly do: 'wait'; readonly milliseconds: number }
  | { readonly do: 'reopen' }
  | {
      readonly do: 'find';
      readonly topic: string;
      readonly key: string;
      readonly begin: number;
      readonly length: number;
      readonly most: number;
    };

const topic = fc.constantFrom(...topics);
const words = fc.array(fc.constantFrom(...keys), { maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('append' as const), topic, words, unique: fc.boolean(), size: fc.nat(900) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('batch' as const), topic, words, count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), milliseconds: fc.nat(2500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('find' as const),
      topic,
      key: fc.constantFrom(...keys),
      begin: fc.nat(20_000),
      length: fc.nat(20_000),
      most: fc.integer({ min: 1, max: 6 }),
    }),
  },
);

test('any look-up finds what a scan finds, newest first, to the millisecond', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const directory = storeFolder();
      const start = 1_700_000_000_000;
      let now = start;
      const options = { ...small, clock: () => now };
      let store = await openStore(directory, options);
      const kept: Kept[] = [];
      for (const each of steps) {
        if (each.do === 'wait') now += each.milliseconds;
        if (each.do === 'append') {
          // The encoded form carries the key that RocketMQ's clients give every message.
          const unique = each.unique && each.words.length > 0 ? `UNIQ_KEY\u0001${each.words[0]}\u0002` : '';
          const rest = each.words.slice(unique === '' ? 0 : 1).join(' ');
          const properties = unique + (rest === '' ? '' : `KEYS\u0001${rest}\u0002`);
          await append(store, kept, { topic: each.topic, properties, body: Buffer.alloc(each.size) }, each.words);
        } else if (each.do === 'batch') {
          const batch = Array.from({ length: each.count }, () => ({ topic: each.topic, keys: each.words, body: 'b' }));
          for (const { position, storeTimestamp } of await store.appendBatch(batch))
            kept.push({ topic: each.topic, keys: each.words, position, time: storeTimestamp });
        } else if (each.do === 'reopen') {
          await store.close();
          store = await openStore(directory, options);
        } else if (each.do === 'find') {
          const query = { begin: start + each.begin, end: start + each.begin + each.length, maxMessages: each.most };
          expect(await found(store, each.topic, each.key, query)).toEqual(scan(kept, each.topic, each.key, query));
        }
      }
      await expectEverything(store, kept);
      await store.close();
      store = await openStore(directory, options);
      await expectEverything(store, kept);
      await store.close();
    }),
    { numRuns: 40, seed: testSeed },
  );
});

test('a message is found by its keys in the turn in which its append is acknowledged, whole', async () => {
  const store = await openStore(storeFolder());
  const receipt = await store.append({ topic: 'T', keys: ['a', 'b'], body: 'body', tags: 'red' });
  for (const key of ['a', 'b']) {
    const [message, ...rest] = await store.findByKey('T', key);
    expect(rest).toEqual([]);
    expect(message?.raw).toEqual((await store.messageAt(receipt.position))?.raw);
    expect(message?.body.toString()).toBe('body');
  }
  expect(await store.findByKey('T', 'a', { begin: receipt.storeTimestamp + 1 })).toEqual([]);
  expect(await store.findByKey('Nowhere', 'a')).toEqual([]);
  expect(await store.findByKey('T', 'T#red')).toEqual([]);
});

test('a message that is not visible yet is not found', async () => {
  const store = await openStore(storeFolder(), { visibility: 'durable', flush: { mode: 'async', intervalMs: 3_600_000 } });
  await store.append({ topic: 'T', keys: 'k', body: '1' });
  expect(await store.findByKey('T', 'k')).toEqual([]);
  await store.flush();
  expect(await store.findByKey('T', 'k')).toHaveLength(1);
});

test('the index has RocketMQ’s files, sparse and named by the time of the first record', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, { clock: () => 1_700_000_000_123 });
  expect(indexFiles(directory)).toEqual([]);
  await store.append({ topic: 'T', keys: 'k', body: '1' });
  await store.close();
  const [file, ...rest] = indexFiles(directory);
  expect(rest).toEqual([]);
  const { size, blocks } = statSync(file as string);
  expect(size).toBe(420_000_040);
  expect(blocks * 512).toBeLessThan(100_000);
  const offset = -new Date().getTimezoneOffset() * 60_000;
  const name = new Date(1_700_000_000_123 + offset).toISOString().replace(/\D/g, '');
  expect(file).toMatch(new RegExp(`${name}$`));
});

test('tags are found as T#tag where the option says so, also those of before', async () => {
  const directory = storeFolder();
  let store = await openStore(directory);
  await store.append({ topic: 'T', tags: 'red', body: '1' });
  await store.close();
  store = await openStore(directory, { index: { tags: true } });
  await store.append({ topic: 'T', tags: 'red', body: '2' });
  await store.append({ topic: 'T', tags: 'blue', body: '3' });
  expect((await store.findByKey('T', 'T#red')).map(({ body }) => body.toString())).toEqual(['2', '1']);
});

test('messages of a deleted topic are not found, those of the topic made again are', async () => {
  const store = await openStore(storeFolder());
  await store.append({ topic: 'T', keys: 'k', body: 'old' });
  await store.deleteTopic('T');
  expect(await store.findByKey('T', 'k')).toEqual([]);
  await store.append({ topic: 'T', keys: 'k', body: 'new' });
  expect((await store.findByKey('T', 'k')).map(({ body }) => body.toString())).toEqual(['new']);
});

describe('an index that is not what it was', () => {
  const damages: readonly [string, (directory: string) => void][] = [
    ['is gone', (directory) => rmSync(join(directory, 'index'), { recursive: true })],
    ['lost a file', (directory) => rmSync(indexFiles(directory)[2] as string)],
    ['lost its record', (directory) => rmSync(join(directory, 'millrace', 'index'))],
    ['has a record that does not verify', (directory) => writeFileSync(join(directory, 'millrace', 'index'), 'nonsense')],
    ['has a file that is cut', (directory) => truncateSync(indexFiles(directory)[1] as string, 60)],
    ['has a file of garbage', (directory) => garble(indexFiles(directory)[1] as string, 0)],
    ['has a file with garbage behind its header', (directory) => garble(indexFiles(directory)[1] as string, 40)],
    ['has garbage in its last file', (directory) => garble(indexFiles(directory).at(-1) as string, 40)],
    ['has a file too many', (directory) => writeFileSync(join(directory, 'index', '29990101000000000'), Buffer.alloc(292))],
  ];

  function garble(path: string, from: number): void {
    const bytes = readFileSync(path);
    for (let i = from; i < bytes.length; i++) bytes[i] = (i * 37 + 101) & 0xff;
    writeFileSync(path, bytes);
  }

  test.each(damages)('answers rightly when it %s, and is made again', async (_, damage) => {
    const directory = storeFolder();
    const kept: Kept[] = [];
    let store = await openStore(directory, small);
    await fill(store, kept, 60);
    await store.close();
    expect(indexFiles(directory).length).toBeGreaterThan(5);
    damage(directory);
    const looking = await openStore(directory, { readOnly: true });
    await expectEverything(looking, kept);
    await looking.close();
    store = await openStore(directory, small);
    await expectEverything(store, kept);
    await fill(store, kept, 10);
    await expectEverything(store, kept);
    await settled(store);
    await expectEverything(store, kept);
    await store.close();
    store = await openStore(directory, small);
    expect(store.stats().indexBacklogBytes).toBe(0);
    await expectEverything(store, kept);
  });

  test('is made again before a small store opens, which counts its keys', async () => {
    const directory = storeFolder();
    const kept: Kept[] = [];
    let store = await openStore(directory, small);
    expect(store.recovery.rebuiltIndexEntries).toBe(0);
    await fill(store, kept, 60);
    await store.close();
    rmSync(join(directory, 'index'), { recursive: true });
    store = await openStore(directory, small);
    expect(store.recovery.rebuiltIndexEntries).toBe(120);
    expect(store.stats()).toMatchObject({ indexBacklogBytes: 0, indexedKeys: 120 });
    await store.close();
    store = await openStore(directory, small);
    expect(store.recovery.rebuiltIndexEntries).toBe(0);
  });

  test('is made again in the background when it takes longer, and the store tells how far that is', async () => {
    const directory = storeFolder();
    let store = await openStore(directory, { flush: 'async' });
    const body = Buffer.alloc(100_000);
    for (let i = 0; i < 1500; i++) {
      void store.append({ topic: 'T', keys: `${i}`, body });
      if (i % 300 === 0) await store.drained();
    }
    await store.close();
    rmSync(join(directory, 'index'), { recursive: true });
    store = await openStore(directory);
    expect(store.recovery.rebuiltIndexEntries).toBe(0);
    const seen = new Set<number>();
    for (let { indexBacklogBytes, indexedKeys } = store.stats(); indexBacklogBytes as number; ) {
      seen.add(indexBacklogBytes as number);
      const key = Math.floor(Math.random() * 1500);
      expect(await store.findByKey('T', `${key}`), `key ${key}`).toHaveLength(1);
      const before = { indexBacklogBytes, indexedKeys };
      ({ indexBacklogBytes, indexedKeys } = store.stats());
      expect(indexBacklogBytes).toBeLessThanOrEqual(before.indexBacklogBytes as number);
      expect(indexedKeys).toBeGreaterThanOrEqual(before.indexedKeys as number);
    }
    expect(seen.size).toBeGreaterThan(0);
    expect(store.stats().indexedKeys).toBe(1500);
  });

  test('is made again with other numbers of slots and entries', async () => {
    const directory = storeFolder();
    const kept: Kept[] = [];
    let store = await openStore(directory, small);
    await fill(store, kept, 40);
    await store.close();
    store = await openStore(directory, { ...small, index: { slotsPerFile: 50, entriesPerFile: 30 } });
    await expectEverything(store, kept);
    await settled(store);
    await expectEverything(store, kept);
    await store.close();
    for (const file of indexFiles(directory)) expect(statSync(file).size).toBe(40 + 4 * 50 + 20 * 30);
    store = await openStore(directory);
    expect(store.stats().indexBacklogBytes).toBe(0);
    await expectEverything(store, kept);
  });

  test('catches up with what was appended without it', async () => {
    const directory = storeFolder();
    const kept: Kept[] = [];
    let store = await openStore(directory, small);
    await fill(store, kept, 20);
    await store.close();
    store = await openStore(directory, { ...small, index: false });
    await fill(store, kept, 20);
    expect(await rejectionOf(store.findByKey('Aa', 'Aa'))).toMatchObject({ code: 'UNSUPPORTED' });
    await store.close();
    store = await openStore(directory, small);
    await expectEverything(store, kept);
  });
});

test('a read-only handle finds what the live writer shows, whether it is in files yet or not', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  const kept: Kept[] = [];
  await fill(store, kept, 5);
  const looking = await openStore(directory, { readOnly: true });
  for (let round = 0; round < 6; round++) {
    await fill(store, kept, 20);
    await expectEverything(looking, kept);
  }
  await store.close();
  await expectEverything(looking, kept);
});

test('a killed writer’s messages are found, by who looks and by who goes on', async () => {
  const directory = storeFolder();
  const child = fork(fileURLToPath(new URL('./children/follow-writer.mjs', import.meta.url)), [directory, JSON.stringify(small)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  const kept: Kept[] = [];
  for (let round = 0; round < 5; round++) {
    const messages = Array.from({ length: 30 }, (_, i) => ({
      topic: topics[i % 3] as string,
      keys: [keys[(i * 7) % 6] as string],
      body: `${i}`,
    }));
    child.send({ append: messages });
    const [receipts] = (await once(child, 'message')) as [readonly { position: number; storeTimestamp: number }[]];
    for (const [i, { position, storeTimestamp }] of receipts.entries())
      kept.push({ topic: messages[i]?.topic ?? '', keys: messages[i]?.keys ?? [], position, time: storeTimestamp });
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const looking = await openStore(directory, { readOnly: true });
  await expectEverything(looking, kept);
  let store = await openStore(directory, small);
  await expectEverything(store, kept);
  await fill(store, kept, 20);
  await expectEverything(store, kept);
  await expectEverything(looking, kept);
  await store.close();
  store = await openStore(directory, small);
  await expectEverything(store, kept);
});

test('an append of more keys than the list holds is found by reading the log', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  const many = Array.from({ length: 6000 }, (_, i) => `${i}`);
  for (let i = 0; i < 60; i++) void store.append({ topic: 'T', keys: many, body: `${i}` });
  await store.flush();
  expect((await store.findByKey('T', '7', { maxMessages: 1024 })).map(({ body }) => body.toString())).toEqual(
    Array.from({ length: 60 }, (_, i) => `${59 - i}`),
  );
});

test.each([
  ['head', 30],
  ['body', 95],
])('a damaged %s is CORRUPTION to a look-up that may have been for it, and to no other', async (_, at) => {
  const directory = storeFolder();
  let store = await openStore(directory, small);
  for (const word of ['a', 'b', 'c']) await store.append({ topic: 'T', keys: ['all', word], body: 'body' });
  const position = (await store.findByKey('T', 'b'))[0]?.position as number;
  await store.close();
  flipBit(directory, 16 * 1024, position + at);
  store = await openStore(directory, small);
  for (const word of ['b', 'all', 'b'])
    expect(await rejectionOf(store.findByKey('T', word))).toMatchObject({ code: 'CORRUPTION', details: { position } });
  for (const word of ['a', 'c']) expect(await store.findByKey('T', word)).toHaveLength(1);
  if (at > 88) expect(store.lost).toMatchObject([{ from: position, reason: 'checksum' }]);
});

test('an answer ends once its records take 32 MiB, and a look-up up to its last message goes on from there', async () => {
  let now = 1_700_000_000_000;
  const store = await openStore(storeFolder(), { flush: 'async', clock: () => now++ });
  const body = Buffer.alloc(4_000_000);
  for (let i = 0; i < 12; i++) await store.append({ topic: 'T', keys: 'k', body });
  const first = await store.findByKey('T', 'k');
  expect(first.map(({ offset }) => offset)).toEqual(Array.from({ length: 9 }, (_, i) => 11 - i));
  const next = await store.findByKey('T', 'k', { end: first.at(-1)?.storeTimestamp as number });
  expect(next.map(({ offset }) => offset)).toEqual([3, 2, 1, 0]);
});

test('a look-up checks what it is asked', async () => {
  const store = await openStore(storeFolder());
  const asked: readonly [unknown, unknown, unknown?][] = [
    ['', 'k'],
    [1, 'k'],
    ['T', ''],
    ['T', 'a b'],
    ['T', undefined],
    ['T', 'k', null],
    ['T', 'k', { limit: 3 }],
    ['T', 'k', { maxMessages: 0 }],
    ['T', 'k', { maxMessages: 1025 }],
    ['T', 'k', { begin: -1 }],
    ['T', 'k', { end: 1.5 }],
  ];
  for (const [name, key, query] of asked) {
    expect(await rejectionOf(store.findByKey(name as string, key as string, query as KeyQuery))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  }
  await store.close();
  expect(await rejectionOf(store.findByKey('T', 'k'))).toMatchObject({ code: 'NOT_OPEN' });
});

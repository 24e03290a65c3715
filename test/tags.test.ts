/** Reading by tags: what a filter means, and that the store finds what a scan of every message does. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageStore, ReadOptions, StoredMessage, StoreOptions } from '../ts/index.js';
import { javaHash } from '../ts/sharding.js';
import { wantedTags } from '../ts/tags.js';
import { thrownBy } from './failure.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

const small: StoreOptions = { commitLog: { fileBytes: 16 * 1024 }, consumeQueue: { entriesPerFile: 50 } };

async function filled(tags: readonly (string | undefined)[], options = small, directory = storeFolder()): Promise<MessageStore> {
  const store = await openStore(directory, options);
  await Promise.all(tags.map((tag, i) => store.append({ topic: 'T', body: `${i}`, tags: tag })));
  return store;
}

function offsetsOf(result: { readonly messages: readonly StoredMessage[] }): number[] {
  return result.messages.map(({ offset }) => offset);
}

test.each([
  ['a', 'a'],
  ['a || b', 'a\x02b'],
  ['a||b', 'a\x02b'],
  ['  a\t||\n b c ', 'a\x02b c'],
  ['||a|| ||', 'a'],
  ['a|b', 'a|b'],
  ['|||', '|'],
  ['a || *', 'a\x02*'],
  ['\u3000a\u00a0', '\u3000a\u00a0'],
  [['a', 'b'], 'a\x02b'],
  [[' a ', 'b||c'], ' a \x02b||c'],
  [['*', 'a'], '*\x02a'],
  ['*', undefined],
  [' * ', undefined],
  [['*'], undefined],
  [undefined, undefined],
])('the filter %j asks for %j', (tags, wanted) => {
  expect(wantedTags(tags)).toBe(wanted);
  expect(wantedTags(tags)).toBe(wanted);
});

test.each([
  ['', 'names no tag'],
  [' ', 'names no tag'],
  [' || ||', 'names no tag'],
  [[], 'empty list'],
  [[''], 'tags[0] is empty'],
  [['a', ''], 'tags[1] is empty'],
  [['a', 5], 'tags[1] is not a string'],
  [new Array(1), 'tags[0] is not a string'],
  [['a', null], 'tags[1] is not a string (null)'],
  ['a\x01', 'U+0001'],
  ['\x02a || b', 'U+0002'],
  [['a', 'b\x02c'], 'U+0002'],
  ['ä'.repeat(16_384), '32768 bytes'],
  [Array.from({ length: 8_193 }, (_, i) => `${1000 + (i % 9000)}`), 'bytes'],
  [null, 'tags is null'],
  [5, 'tags is number'],
  [new Set(['a']), 'tags is object'],
])('the filter %j is refused', (tags, says) => {
  const error = thrownBy(() => wantedTags(tags));
  expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(says)]);
});

test('tags that share a hash are told apart, by read, readSync and readRaw alike', async () => {
  expect(javaHash('Aa')).toBe(javaHash('BB'));
  const store = await filled(['Aa', 'BB', undefined, 'Aa', 'C', 'BB']);
  for (const [tags, offsets] of [
    ['Aa', [0, 3]],
    ['BB', [1, 5]],
    ['BB || C', [1, 4, 5]],
    [
      ['Aa', 'BB'],
      [0, 1, 3, 5],
    ],
    ['*', [0, 1, 2, 3, 4, 5]],
    ['D', []],
  ] as const) {
    const result = await store.read('T', 0, 0, { tags });
    expect(offsetsOf(result)).toEqual(offsets);
    expect([result.nextOffset, result.status]).toEqual([6, offsets.length > 0 ? 'FOUND' : 'NO_MATCHED_MESSAGE']);
    expect(offsetsOf(store.readSync('T', 0, 0, { tags }))).toEqual(offsets);
    const raw = await store.readRaw('T', 0, 0, { tags });
    expect([raw.messages, raw.nextOffset, raw.status]).toEqual([offsets.length, 6, result.status]);
    expect(raw.bytes.equals(Buffer.concat(result.messages.map((message) => message.raw)))).toBe(true);
  }
});

test('a message with several tags has one value, which only a list can name', async () => {
  const store = await openStore(storeFolder(), small);
  await store.append({ topic: 'T', body: '', tags: 'a||b', sysFlag: 0x2 });
  await store.append({ topic: 'T', body: '', tags: 'a' });
  expect(offsetsOf(await store.read('T', 0, 0, { tags: 'a || b' }))).toEqual([1]);
  expect(offsetsOf(await store.read('T', 0, 0, { tags: ['a||b'] }))).toEqual([0]);
});

test('a tag of any characters is found by itself', async () => {
  const tags = ['标签', '🎉🎉', 'a\ud800b', '\ufffd', ' a ', '*', '\u0000', 'é', 'e\u0301', 'x'.repeat(20_000)];
  const store = await filled(tags, { commitLog: { fileBytes: 64 * 1024 } });
  for (const [offset, tag] of tags.entries()) {
    const found = offsetsOf(await store.read('T', 0, 0, { tags: [tag, 'nobody'] }));
    expect(found).toEqual([offset]);
  }
  // What is not UTF-16 is stored as U+FFFD, and asked for as that.
  expect(offsetsOf(await store.read('T', 0, 0, { tags: 'a\ufffdb' }))).toEqual([2]);
});

test('statuses that the offset alone decides are those of a read without tags', async () => {
  const store = await filled(['a', 'b']);
  await store.createTopic('empty');
  for (const [topic, queueId, offset] of [
    ['nobody', 0, 0],
    ['T', 5, 0],
    ['empty', 0, 0],
    ['T', 0, 2],
    ['T', 0, 3],
  ] as const) {
    expect(await store.read(topic, queueId, offset, { tags: 'a' })).toEqual(await store.read(topic, queueId, offset));
  }
});

test('more filters than are remembered take turns', async () => {
  const store = await filled(Array.from({ length: 700 }, (_, i) => `t${i}`));
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 700; i++) expect(offsetsOf(store.readSync('T', 0, 0, { tags: `t${i}` }))).toEqual([i]);
  }
});

test('a walk too long for the event loop is made beside it, each with its own filter', async () => {
  const count = 90_000;
  const store = await openStore(storeFolder(), { flush: 'async' });
  for (let at = 0; at < count; at += 1000) {
    const batch = Array.from({ length: 1000 }, (_, i) => ({
      topic: 'T',
      body: '',
      tags: at + i < count - 300 ? 'common' : `rare${count - at - i}`,
    }));
    await store.appendBatch(batch);
  }
  const reads = Array.from({ length: 300 }, (_, i) => store.read('T', 0, 0, { tags: `rare${i + 1}`, maxScanned: count }));
  const results = await Promise.all(reads);
  expect(results.map(offsetsOf)).toEqual(results.map((_, i) => [count - i - 1]));
  expect(new Set(results.map(({ nextOffset }) => nextOffset))).toEqual(new Set([count]));
});

test('a read-only store reads by tags what a writer appends beside it', async () => {
  const directory = storeFolder();
  const writer = await filled(['a', 'b', 'a'], small, directory);
  const reader = await openStore(directory, { ...small, readOnly: true });
  await writer.append({ topic: 'T', body: '', tags: 'a' });
  await writer.flush();
  expect(offsetsOf(await reader.read('T', 0, 0, { tags: 'a' }))).toEqual([0, 2, 3]);
});

// ------------------------------------------------------------------------------------------------ random data

const tag = fc.constantFrom(undefined, 'Aa', 'BB', 'AaAa', 'AaBB', 'BBAa', 'c', 'a||b', '标签');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.array(fc.record({ tags: tag, bytes: fc.nat(900) }), { maxLength: 40 }) }) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      way: fc.constantFrom('read', 'readSync', 'readOnly'),
      from: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      tags: fc.uniqueArray(
        tag.map((each) => each ?? 'nobody'),
        { minLength: 1, maxLength: 4 },
      ),
      maxMessages: fc.integer({ min: 1, max: 40 }),
      maxBytes: fc.integer({ min: 1, max: 8000 }),
      maxScanned: fc.integer({ min: 1, max: 200 }),
    }),
  },
);

/** Reads on from `offset` until the end, and checks every result against the messages as they stand there. */
async function checkReads(
  store: MessageStore,
  way: string,
  offset: number,
  options: ReadOptions,
  all: readonly StoredMessage[],
): Promise<void> {
  const { tags, maxMessages = 0, maxBytes = 0, maxScanned = 0 } = options;
  for (let at = offset; at < all.length; ) {
    const result = way === 'readSync' ? store.readSync('T', 0, at, options) : await store.read('T', 0, at, options);
    const { nextOffset, messages, status } = result;
    const expected = all.slice(at, nextOffset).filter((message) => tags?.includes(message.tags ?? ''));
    expect(messages.map(({ raw }) => raw)).toEqual(expected.map(({ raw }) => raw));
    const bytes = messages.reduce((sum, { size }) => sum + size, 0);
    expect(nextOffset).toBeGreaterThan(at);
    expect(nextOffset - at).toBeLessThanOrEqual(maxScanned);
    expect(messages.length).toBeLessThanOrEqual(maxMessages);
    expect(bytes <= maxBytes || messages.length === 1).toBe(true);
    expect([status, result.lost]).toEqual([messages.length > 0 ? 'FOUND' : 'NO_MATCHED_MESSAGE', []]);
    // A read ends at one of its limits or at the end of the queue.
    const isFull = messages.length === maxMessages || nextOffset - at === maxScanned || nextOffset === all.length;
    expect(isFull || bytes + (all[nextOffset]?.size ?? 0) > maxBytes).toBe(true);
    at = nextOffset;
  }
}

test('reads by tags agree with a scan of every message, over rolled files, reopenings and appends between them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const directory = storeFolder();
      let store = await openStore(directory, small);
      await store.createTopic('T');
      for (const each of steps) {
        if (each === 'reopen') {
          await store.close();
          store = await openStore(directory, small);
        } else if ('append' in each) {
          const appends = each.append.map(({ tags, bytes }) => store.append({ topic: 'T', body: Buffer.alloc(bytes), tags }));
          await Promise.all(appends);
        } else {
          const { way, from, ...options } = each;
          const all = store.readSync('T', 0, 0, { maxMessages: 10_000, maxBytes: 2 ** 30 }).messages;
          const reader = way === 'readOnly' ? await openStore(directory, { ...small, readOnly: true }) : store;
          await checkReads(reader, way, Math.floor(from * all.length), options, all);
          if (reader !== store) await reader.close();
        }
      }
      await store.close();
    }),
    { seed: testSeed, numRuns: 30 },
  );
}, 60_000);

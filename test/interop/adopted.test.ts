/**
 * Index files that RocketMQ wrote: where they hold what the log does they are ours from then on, byte for byte; where they do not, keys
 * are found all the same, and the files are made again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { MessageStore, type StoreOptions } from '../../dist/index.js';
import { newDirectory } from './directories.js';
import { Referee, type RefereeSettings, type RefereeSpec } from './referee.js';

const settings: RefereeSettings = { commitLogBytes: 64 * 1024, queueEntries: 100, indexSlots: 16, indexEntries: 64 };
const shape = { slotsPerFile: 16, entriesPerFile: 64 };
const options: StoreOptions = { commitLog: { fileBytes: 64 * 1024 }, consumeQueue: { entriesPerFile: 100 }, index: shape };
const withTags: StoreOptions = { ...options, index: { ...shape, tags: true } };

/** Aa and BB have one hash. */
const words = ['Aa', 'BB', 'one', 'two', 'three'];
const FIRST_TIME = 1_700_000_000_000;

/** Messages `from` to `to`, by whoever: their keys, tags and times follow from their numbers. */
function specs(from: number, to: number): RefereeSpec[] {
  return Array.from({ length: to - from }, (_, k) => {
    const i = from + k;
    const keys = i % 4 === 0 ? '' : i % 3 === 0 ? `${words[i % 5]} ${words[(i + 2) % 5]}` : (words[i % 5] as string);
    return {
      ...{ topic: 'T', queueId: 0, body: Buffer.from(`${i}`), storeTimestamp: FIRST_TIME + i * 333 },
      ...(keys === '' ? {} : { keys }),
      ...(i % 5 === 0 ? { tags: 'red' } : {}),
      ...(i % 7 === 0 ? { properties: { UNIQ_KEY: `U${i}` } } : {}),
    };
  });
}

async function javaWrites(directory: string, from: number, to: number, more: RefereeSettings = {}): Promise<void> {
  await using java = new Referee();
  await java.open(directory, { ...settings, ...more });
  // Less than a file of the index at once, see queries.test.ts.
  for (let at = from; at < to; at += 10) await java.append(specs(at, Math.min(to, at + 10)));
  await java.close();
}

async function weWrite(directory: string, from: number, to: number, given: StoreOptions = options): Promise<void> {
  let now = 0;
  const store = await MessageStore.open(directory, { ...given, clock: () => now });
  for (const { storeTimestamp, compression, ...message } of specs(from, to)) {
    now = storeTimestamp as number;
    await store.append(message);
  }
  await store.close();
}

function indexBytes(directory: string): Record<string, string> {
  const folder = join(directory, 'index');
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name)).toString('hex')]),
  );
}

function numbersOf(count: number, has: (spec: RefereeSpec) => boolean): number[] {
  return specs(0, count)
    .filter(has)
    .map(({ body }) => Number(Buffer.from(body).toString()))
    .reverse();
}

/** Every key finds what it has to, among `count` messages. */
async function expectFound(store: MessageStore, count: number): Promise<void> {
  const found = async (key: string): Promise<number[]> =>
    (await store.findByKey('T', key, { maxMessages: 1024 })).map(({ body }) => Number(body.toString()));
  for (const word of words) {
    expect(await found(word), word).toEqual(numbersOf(count, ({ keys }) => keys?.split(' ').includes(word) === true));
  }
  expect(await found('U49')).toEqual(count > 49 ? [49] : []);
}

async function settled(store: MessageStore): Promise<void> {
  while ((store.stats().indexBacklogBytes ?? 0) > 0) {
    // because the background tells nobody when it is done
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Opens, asks, lets the background come to its end, asks again; how many keys were put into files. */
async function lookedThrough(directory: string, count: number, given: StoreOptions = options): Promise<number> {
  const store = await MessageStore.open(directory, given);
  await expectFound(store, count);
  await settled(store);
  await expectFound(store, count);
  const { indexedKeys } = store.stats();
  await store.close();
  return indexedKeys as number;
}

describe.skipIf(!inject('referee').ok)('index files that RocketMQ wrote', () => {
  test.each([
    ['with tags', withTags],
    ['without tags', options],
  ])('are used as they are, %s, and RocketMQ finds by those that we went on with', async (_, given) => {
    const directory = newDirectory();
    await javaWrites(directory, 0, 200);
    const written = indexBytes(directory);
    expect(Object.keys(written).length).toBeGreaterThan(3);
    // Twice: the second time by our own word.
    for (const _again of [1, 2]) expect(await lookedThrough(directory, 200, given)).toBe(0);
    expect(indexBytes(directory)).toEqual(written);

    await weWrite(directory, 200, 300, given);
    const full = Object.keys(written).slice(0, -1);
    expect(full.map((name) => indexBytes(directory)[name])).toEqual(full.map((name) => written[name]));
    expect(await lookedThrough(directory, 300, given)).toBe(0);
    await using java = new Referee();
    await java.open(directory, settings);
    for (const word of words) {
      const messages = (await java.find('T', word)).filter(({ keys }) => keys?.split(' ').includes(word));
      const newest = numbersOf(300, ({ keys }) => keys?.split(' ').includes(word) === true).slice(0, messages.length);
      expect(messages.length).toBeGreaterThan(30);
      expect(messages.map(({ body }) => Number(body.toString())).reverse()).toEqual(newest);
    }
    await java.close();
  });

  test('are used where it went on with a file of ours, and again after the next turn', async () => {
    const directory = newDirectory();
    await weWrite(directory, 0, 100, withTags);
    for (const count of [100, 200, 300]) {
      await javaWrites(directory, count, count + 50);
      const written = indexBytes(directory);
      expect(await lookedThrough(directory, count + 50, withTags)).toBe(0);
      expect(indexBytes(directory)).toEqual(written);
      await weWrite(directory, count + 50, count + 100, withTags);
    }
    expect(await lookedThrough(directory, 400, withTags)).toBe(0);
  });

  test('are made again where it did not index for a while: no file shows that', async () => {
    const directory = newDirectory();
    await javaWrites(directory, 0, 100);
    await javaWrites(directory, 100, 150, { index: false });
    await javaWrites(directory, 150, 250);
    const written = indexBytes(directory);
    expect(await lookedThrough(directory, 250)).toBeGreaterThan(0);
    const after = indexBytes(directory);
    // What was right before that stays.
    const [first] = Object.keys(written) as [string];
    expect(after[first]).toBe(written[first]);
    expect(Object.keys(after)).not.toEqual(Object.keys(written));
    expect(await lookedThrough(directory, 250)).toBe(0);
  });

  // At bytes of the second file: the header's end, a slot, and the hash, position, second and link of an item in its middle.
  test.each([15, 40 + 4, ...[0, 11, 15, 19].map((field) => 40 + 16 * 4 + 20 * 30 + field)])(
    'are made again where byte %i of one is wrong',
    async (at) => {
      const directory = newDirectory();
      await javaWrites(directory, 0, 150);
      const [, second] = Object.keys(indexBytes(directory)) as [string, string];
      const path = join(directory, 'index', second);
      const bytes = readFileSync(path);
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(path, bytes);
      expect(await lookedThrough(directory, 150)).toBeGreaterThan(0);
      expect(await lookedThrough(directory, 150)).toBe(0);
    },
  );

  test('are made again after a kill', async () => {
    const directory = newDirectory();
    await javaWrites(directory, 0, 150);
    await using java = new Referee();
    await java.open(directory, settings);
    await java.append(specs(150, 160));
    await java.halt();
    expect(await lookedThrough(directory, 160)).toBeGreaterThan(0);
    expect(await lookedThrough(directory, 160)).toBe(0);
  });
});

/** Keys, both ways: RocketMQ's index finds in our files what we find, goes on writing them, and makes the same bytes of the same log. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { MessageStore, type StoreOptions } from '../../dist/index.js';
import { copyOf, newDirectory } from './directories.js';
import { Referee, type RefereeSettings } from './referee.js';

/** Aa and BB have one hash. */
const keys = ['Aa', 'BB', 'one', 'two', 'three'];
const settings: RefereeSettings = { commitLogBytes: 64 * 1024, queueEntries: 100, indexSlots: 16, indexEntries: 64 };
const options: StoreOptions = {
  commitLog: { fileBytes: 64 * 1024 },
  consumeQueue: { entriesPerFile: 100 },
  // RocketMQ 5.5 indexes tags.
  index: { slotsPerFile: 16, entriesPerFile: 64, tags: true },
};

function wordsOf(i: number): string {
  return i % 4 === 0 ? '' : i % 3 === 0 ? `${keys[i % 5]} ${keys[(i + 2) % 5]}` : (keys[i % 5] as string);
}

async function write(directory: string): Promise<void> {
  let time = 1_700_000_000_000;
  const store = await MessageStore.open(directory, { ...options, clock: () => (time += 333) });
  for (let i = 0; i < 150; i++) {
    const words = wordsOf(i);
    await store.append({
      topic: 'T',
      body: `ours ${i}`,
      ...(words === '' ? {} : { keys: words }),
      ...(i % 5 === 0 ? { tags: 'red' } : {}),
    });
  }
  await store.close();
}

async function bodiesOf(store: { findByKey: MessageStore['findByKey'] }, key: string): Promise<string[]> {
  return (await store.findByKey('T', key, { maxMessages: 1024 })).map(({ body }) => body.toString());
}

/** What RocketMQ finds, by the client's rule: only records that have the key. At most 64. */
async function bodiesOfJava(referee: Referee, key: string): Promise<string[]> {
  const messages = await referee.find('T', key);
  return messages.filter((message) => message.keys?.split(' ').includes(key)).map(({ body }) => body.toString());
}

function indexBytes(directory: string): string[] {
  const folder = join(directory, 'index');
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)).toString('hex'));
}

describe.skipIf(!inject('referee').ok)('keys in one directory', () => {
  test('RocketMQ finds by our index what we find, goes on, and we find that', async () => {
    const directory = newDirectory();
    await write(directory);
    const before = indexBytes(directory);
    const ours = await MessageStore.open(copyOf(directory), options);
    await using java = new Referee();
    await java.open(directory, settings);
    for (const key of keys) {
      const found = await bodiesOf(ours, key);
      expect(found.length).toBeGreaterThan(10);
      expect((await bodiesOfJava(java, key)).sort()).toEqual([...found].sort().slice(0, 64));
    }
    await ours.close();
    expect(indexBytes(directory).slice(0, -1)).toEqual(before.slice(0, -1));
    await java.append(
      Array.from({ length: 40 }, (_, i) => ({ topic: 'T', queueId: 0, body: Buffer.from(`java ${i}`), keys: 'one java' })),
    );
    await java.close();
    const store = await MessageStore.open(directory, options);
    expect(await bodiesOf(store, 'java')).toEqual(Array.from({ length: 40 }, (_, i) => `java ${39 - i}`));
    expect((await bodiesOf(store, 'one')).slice(0, 41).filter((body) => body.startsWith('ours'))).toHaveLength(1);
    for (const key of keys) expect((await bodiesOf(store, key)).length).toBeGreaterThan(10);
    await store.close();
  });

  test('of the same log RocketMQ makes the same index, byte for byte', async () => {
    const directory = newDirectory();
    await write(directory);
    const ours = indexBytes(directory);
    expect(ours.length).toBeGreaterThan(2);
    for (const part of ['index', 'consumequeue', 'checkpoint']) rmSync(join(directory, part), { recursive: true });
    writeFileSync(join(directory, 'abort'), '1');
    await using java = new Referee();
    await java.open(directory, settings);
    await java.close();
    expect(indexBytes(directory)).toEqual(ours);
  });
});

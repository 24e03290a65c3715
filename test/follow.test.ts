/** A read-only handle beside a live writer in another process: it sees what the writer shows, and leaves no trace. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Message, MessageStore, type Receipt, type StoreOptions } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { openStore, storeFolder } from './storefolder.js';
import { Writer } from './writer.js';

const small: StoreOptions = { commitLog: { fileBytes: 16 * 1024 }, consumeQueue: { entriesPerFile: 50 } };
const readOnly: StoreOptions = { readOnly: true };

function messages(topic: string, from: number, count: number): Message[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    queueId: 0,
    body: `${topic} ${from + i}: ${'x'.repeat((from + i) % 300)}`,
  }));
}

/** What a handle sees of queue 0, all of it. */
function seen(store: MessageStore, topic: string): string[] {
  const { messages: found, lost } = store.readSync(topic, 0, 0, { maxMessages: 100_000, maxBytes: 1 << 26 });
  expect(lost).toEqual([]);
  return found.map((message) => message.body.toString());
}

function bodies(list: readonly Message[]): string[] {
  return list.map(({ body }) => String(body));
}

/** Every file under a folder: its name, size, times and content. */
function tree(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const { size, mtimeMs, ctimeMs, ino } = statSync(path);
      const content = statSync(path).isDirectory() ? '' : createHash('sha256').update(readFileSync(path)).digest('hex');
      return [name, size, mtimeMs, ctimeMs, ino, content].join(' ');
    });
}

test('messages, queues, topics and files made after it was opened are seen as soon as the writer has acknowledged them', async () => {
  const directory = storeFolder();
  const writer = await Writer.start(directory, small);
  const follower = await openStore(directory, readOnly);
  expect(follower.topics()).toEqual([]);
  const sent: Message[] = [];
  for (let round = 0; round < 12; round++) {
    const more = messages('T', sent.length, 40);
    const receipts = await writer.append(more);
    sent.push(...more);
    expect(seen(follower, 'T')).toEqual(bodies(sent));
    expect(follower.watermarks.visible).toBe(Math.max(...receipts.map(({ position, size }) => position + size)));
    expect(follower.queue('T', 0).maxOffset).toBe(sent.length);
    const last = receipts.at(-1) as Receipt;
    expect((await follower.messageAt(last.position))?.offset).toBe(last.offset);
  }
  expect(readdirSync(join(directory, 'commitlog')).length).toBeGreaterThan(5);
  await writer.append([...messages('New', 0, 1), { topic: 'T', queueId: 0, body: 'again' }]);
  expect(
    follower
      .topics()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['New', 'T']);
  expect(seen(follower, 'New')).toEqual(bodies(messages('New', 0, 1)));
  // One that is opened now finds the same.
  const late = await openStore(directory, readOnly);
  expect(seen(late, 'T')).toEqual([...bodies(sent), 'again']);
  await writer.close();
  expect(seen(follower, 'T')).toEqual([...bodies(sent), 'again']);
  expect(seen(await openStore(directory, readOnly), 'T')).toEqual([...bodies(sent), 'again']);
});

test('what the writer has only written is not shown where readers see durable messages only', async () => {
  const directory = storeFolder();
  const writer = await Writer.start(directory, { ...small, flush: { mode: 'sync', intervalMs: 3_600_000 } });
  const early = await openStore(directory, readOnly);
  await writer.append(messages('T', 0, 3), 'durable');
  const [hidden] = await writer.append(messages('T', 3, 2), 'written');
  for (const follower of [early, await openStore(directory, readOnly)]) {
    expect(seen(follower, 'T')).toEqual(bodies(messages('T', 0, 3)));
    expect(await follower.messageAt((hidden as Receipt).position)).toBeUndefined();
    const { visible, durable, written } = follower.watermarks;
    expect(visible).toBe(durable);
    expect(written).toBeGreaterThan(durable);
    expect(follower.readSync('T', 0, 3).status).toBe('OFFSET_OVERFLOW_ONE');
  }
  await writer.append(messages('T', 5, 1), 'durable');
  expect(seen(early, 'T')).toEqual(bodies(messages('T', 0, 6)));
});

test('a writer that is killed and comes back is followed further', { timeout: 60_000 }, async () => {
  const directory = storeFolder();
  let writer = await Writer.start(directory, small);
  const follower = await openStore(directory, readOnly);
  const sent: Message[] = [];
  for (let life = 0; life < 5; life++) {
    for (let round = 0; round < 3; round++) {
      const more = messages('T', sent.length, 30);
      await writer.append(more);
      sent.push(...more);
      expect(seen(follower, 'T')).toEqual(bodies(sent));
    }
    if (life % 2 === 0) await writer.kill();
    else await writer.close();
    expect(seen(follower, 'T')).toEqual(bodies(sent));
    expect(seen(await openStore(directory, readOnly), 'T')).toEqual(bodies(sent));
    writer = await Writer.start(directory, small);
    expect(seen(follower, 'T')).toEqual(bodies(sent));
  }
});

test.each(['closed', 'killed'] as const)(
  'looking at a store whose writer is %s changes nothing on disk and takes no lock',
  async (end) => {
    const directory = storeFolder();
    const writer = await Writer.start(directory, small);
    await writer.append(messages('T', 0, 200));
    await (end === 'closed' ? writer.close() : writer.kill());
    // A reader that needed the lock, or made it, would be found out.
    rmSync(join(directory, 'lock'));
    const before = tree(directory);
    const looking = await openStore(directory, readOnly);
    expect(seen(looking, 'T')).toEqual(bodies(messages('T', 0, 200)));
    expect(looking.recovery.cleanShutdown).toBe(end === 'closed');
    const refused = [
      looking.append({ topic: 'T', body: '' }),
      looking.appendBatch([{ topic: 'T', body: '' }]),
      looking.createTopic('New'),
      looking.deleteTopic('T'),
      looking.flush(),
    ];
    for (const attempt of refused) expect(await rejectionOf(attempt)).toMatchObject({ code: 'READ_ONLY', stored: 'no' });
    await looking.close();
    expect(tree(directory)).toEqual(before);
    expect(existsSync(join(directory, 'lock'))).toBe(false);
    const owner = await openStore(directory, small);
    expect((await owner.append({ topic: 'T', body: 'next' })).offset).toBe(200);
  },
);

test('a read-only handle neither waits for a writer nor keeps it out', async () => {
  const directory = storeFolder();
  const owner = await openStore(directory, small);
  await owner.append({ topic: 'T', body: 'a' });
  const looking = await Promise.all(Array.from({ length: 5 }, () => openStore(directory, readOnly)));
  expect(looking.map((store) => seen(store, 'T'))).toEqual(Array(5).fill(['a']));
  await owner.close();
  const again = await openStore(directory, small);
  await again.append({ topic: 'T', body: 'b' });
  expect(looking.map((store) => seen(store, 'T'))).toEqual(Array(5).fill(['a', 'b']));
});

test('without a store there is nothing to look at', async () => {
  const directory = storeFolder();
  expect(await rejectionOf(MessageStore.open(directory, readOnly))).toMatchObject({ code: 'INVALID_OPTIONS' });
  expect(existsSync(directory)).toBe(false);
});

/** NOT_OPEN: what a closed store answers, and closing itself. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected, expectThrown } from './told.js';

const notOpen = { code: 'NOT_OPEN', says: /store in .* is closed/ } as const;
const message = { topic: 'T', body: 'x' };

test('a closed store answers every call with NOT_OPEN', async () => {
  const store = await openStore(storeFolder());
  await store.append(message);
  const queue = store.queue('T', 0);
  await store.close();
  expect(store.status).toBe('closed');

  await expectRejected(store.append(message), notOpen);
  await expectRejected(store.appendBatch([message]), notOpen);
  await expectRejected(store.appendBatch([]), notOpen);
  expectThrown(() => store.appendSync(message), notOpen);
  await expectRejected(store.drained(), notOpen);
  await expectRejected(store.reached('written', 0), notOpen);
  await expectRejected(store.flush(), notOpen);
  await expectRejected(store.read('T', 0, 0), notOpen);
  expectThrown(() => store.readSync('T', 0, 0), notOpen);
  await expectRejected(store.readRaw('T', 0, 0), notOpen);
  await expectRejected(store.messageAt(0), notOpen);
  await expectRejected(store.offsetAt('T', 0, 0), notOpen);
  await expectRejected(store.createTopic('U'), notOpen);
  await expectRejected(store.updateTopic('T', { queues: 2 }), notOpen);
  await expectRejected(store.deleteTopic('T'), notOpen);
  expectThrown(() => store.topic('T'), notOpen);
  expectThrown(() => store.topics(), notOpen);
  expectThrown(() => store.queue('T', 0), notOpen);
  expectThrown(() => store.stats(), notOpen);

  await expectRejected(queue.append(message), notOpen);
  await expectRejected(queue.appendBatch([message]), notOpen);
  expectThrown(() => queue.appendSync(message), notOpen);
  await expectRejected(queue.earliestTimestamp(), notOpen);
});

test('the handle of a queue of a closed store gives no numbers instead of wrong ones', async () => {
  const store = await openStore(storeFolder());
  await store.append(message);
  const queue = store.queue('T', 0);
  await store.close();
  for (const number of ['minOffset', 'maxOffset', 'nextOffset'] as const) expectThrown(() => queue[number], notOpen);
});

test('what a closed store knows of itself can still be looked at', async () => {
  const store = await openStore(storeFolder());
  const { position, size } = await store.append(message);
  await store.close();
  expect(store.watermarks).toMatchObject({
    first: 0,
    written: position + size,
    durable: position + size,
    visible: position + size,
  });
  expect(store.lost).toEqual([]);
  expect(store.pendingBytes).toBe(0);
  expect(store.failure).toBeUndefined();
  expect(store.recovery.cleanShutdown).toBe(true);
});

test('closing waits for the appends before it, refuses those after it, and is done once', async () => {
  const directory = storeFolder();
  const store = await openStore(directory);
  const before = Array.from({ length: 50 }, (_, n) => store.append({ topic: 'T', body: `${n}` }));
  const closing = store.close();
  expect(store.status).toBe('closing');
  const after = store.append(message);
  const again = store.close();
  await expectRejected(after, { code: 'NOT_OPEN', says: /is closing/ });
  await Promise.all([closing, again, store.close(), store[Symbol.asyncDispose]()]);
  expect((await Promise.all(before)).map(({ offset }) => offset)).toEqual(Array.from(before.keys()));

  const next = await openStore(directory);
  expect(next.recovery.cleanShutdown).toBe(true);
  expect(next.queue('T', 0).nextOffset).toBe(50);
});

test('a wait that outlives the store ends with it', async () => {
  const store = await openStore(storeFolder(), { flush: { mode: 'async', intervalMs: 3_600_000 } });
  const { position, size } = await store.append(message);
  const durable = store.reached('durable', position + size);
  const flushed = store.flush();
  await store.close();
  expect((await durable).durable).toBe(position + size);
  expect((await flushed).durable).toBe(position + size);
});

test.skipIf(!existsSync('/dev/shm'))('reads that had to leave the event loop end before the store does', async () => {
  // A file system in memory answers no read at once: each is a task on another thread.
  const root = mkdtempSync('/dev/shm/millrace-test-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const store = await openStore(join(root, 'store'));
  for (let n = 0; n < 20; n++) await store.append({ topic: 'T', body: Buffer.alloc(3000, n) });
  // No two neighbours ask for the same, so an answer that got to the wrong one shows.
  const asked = Array.from({ length: 100 }, (_, n) => ({ offset: n % 15, maxMessages: 1 + (n % 5) }));
  const reads = asked.map(({ offset, maxMessages }) => store.read('T', 0, offset, { maxMessages }));
  const whole = Array.from({ length: 20 }, () => store.messageAt(0));
  await store.close();
  const answers = await Promise.all(reads);
  expect(answers.map(({ messages }) => messages.map(({ offset }) => offset))).toEqual(
    asked.map(({ offset, maxMessages }) => Array.from({ length: maxMessages }, (_, n) => offset + n)),
  );
  expect(answers.map(({ nextOffset }) => nextOffset)).toEqual(asked.map(({ offset, maxMessages }) => offset + maxMessages));
  for (const message of await Promise.all(whole)) expect(message?.offset).toBe(0);
});

test('reads under way when the store is closed end, one way or the other', async () => {
  const store = await openStore(storeFolder());
  await store.append(message);
  const reads = Array.from({ length: 20 }, () => store.read('T', 0, 0));
  await store.close();
  for (const { messages } of await Promise.all(reads)) expect(messages[0]?.body.toString()).toBe('x');
});

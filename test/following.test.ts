/** Subscriptions and waits of a read-only handle: they follow a writer in another process or thread, and poll only while they wait. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { MessageStore } from '../ts/index.js';
import { openStore, storeFolder } from './storefolder.js';
import { appendSome, small } from './subscribed.js';
import { Writer } from './writer.js';

const readOnly = { readOnly: true } as const;

function messages(from: number, count: number, queueId = 0): { topic: string; queueId: number; body: string }[] {
  return Array.from({ length: count }, (_, n) => ({ topic: 'T', queueId, body: `message ${from + n}` }));
}

/** Counts the timers that repeat, from now to the end of the test. */
function repeatingTimers(): () => number {
  const made = vi.spyOn(globalThis, 'setInterval');
  const ended = vi.spyOn(globalThis, 'clearInterval');
  onTestFinished(() => {
    made.mockRestore();
    ended.mockRestore();
  });
  const isEnded = (timer: unknown): boolean => ended.mock.calls.some(([one]) => one === timer);
  return () => made.mock.results.filter(({ value }) => !isEnded(value)).length;
}

async function take(iterator: AsyncIterator<{ body: Buffer }>, count: number): Promise<string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) bodies.push((await iterator.next()).value.body.toString());
  return bodies;
}

test('a subscription follows a live writer: topics, files and messages that come later', async () => {
  const directory = storeFolder();
  const writer = await Writer.start(directory, small);
  const follower = await openStore(directory, readOnly);
  const iterator = follower.subscribe({ topic: 'T' })[Symbol.asyncIterator]();
  for (let round = 0; round < 10; round++) {
    const expected = messages(round * 30, 30);
    const taken = take(iterator, 30);
    await writer.append(expected);
    expect(await taken).toEqual(expected.map(({ body }) => body));
  }
  const last = iterator.next();
  await follower.close();
  expect(await last).toEqual({ value: undefined, done: true });
});

test('a subscription goes on over the death of its writer, and misses nothing of the next one', { timeout: 60_000 }, async () => {
  const directory = storeFolder();
  let writer = await Writer.start(directory, small);
  const follower = await openStore(directory, readOnly);
  const iterator = follower.subscribe({ topic: 'T' })[Symbol.asyncIterator]();
  for (let life = 0; life < 4; life++) {
    const expected = messages(life * 50, 50);
    const taken = take(iterator, 50);
    await writer.append(expected);
    if (life % 2 === 0) await writer.kill();
    else await writer.close();
    expect(await taken).toEqual(expected.map(({ body }) => body));
    writer = await Writer.start(directory, small);
  }
});

test('queues that a writer adds are followed from their first message, also from latest', async () => {
  const directory = storeFolder();
  const owner = await openStore(directory, small);
  await appendSome(owner, 'T', 0, 3);
  const follower = await openStore(directory, readOnly);
  const iterator = follower.subscribe({ topic: 'T', from: 'latest' })[Symbol.asyncIterator]();
  const next = [iterator.next(), iterator.next()];
  await owner.updateTopic('T', { queues: 3 });
  await appendSome(owner, 'T', 2, 1);
  expect((await next[0])?.value).toMatchObject({ queueId: 2, offset: 0 });
  await appendSome(owner, 'T', 0, 1);
  expect((await next[1])?.value).toMatchObject({ queueId: 0, offset: 3 });
});

test('a wait for a topic that is not there resolves within milliseconds of its first message', async () => {
  const directory = storeFolder();
  const owner = await openStore(directory, small);
  await appendSome(owner, 'Other', 0, 1);
  const follower = await openStore(directory, readOnly);
  const waiting = follower.waitFor('T', 1, 1);
  await owner.createTopic('T', { queues: 2 });
  await appendSome(owner, 'T', 1, 1);
  expect(await follower.waitFor('T', 1, 0)).toBe(true);
  await appendSome(owner, 'T', 1, 1);
  expect(await waiting).toBe(true);
  expect(await follower.waitFor('T', 1, 2, { timeoutMs: 20 })).toBe(false);
});

test('one timer polls for all who wait, and none when nobody does', async () => {
  const directory = storeFolder();
  const owner = await openStore(directory, small);
  await appendSome(owner, 'T', 0, 1);
  const follower: MessageStore = await openStore(directory, readOnly);
  const polling = repeatingTimers();
  const iterators = Array.from({ length: 100 }, () => follower.subscribe({ topic: 'T', from: 'latest' })[Symbol.asyncIterator]());
  const next = iterators.map((iterator) => iterator.next());
  const waits = Array.from({ length: 100 }, () => follower.waitFor('T', 0, 1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(polling()).toBe(1);
  await appendSome(owner, 'T', 0, 1);
  expect((await Promise.all(waits)).every(Boolean)).toBe(true);
  expect((await Promise.all(next)).every(({ value }) => value.offset === 1)).toBe(true);
  expect(polling()).toBe(0);
});

test('a worker follows what the main thread writes, and may be terminated while it waits', async () => {
  const directory = storeFolder();
  const owner = await openStore(directory, { ...small, flush: 'async' });
  const script = fileURLToPath(new URL('./children/store-worker.mjs', import.meta.url));
  const [first, second] = [300, 301].map(
    (end) => new Worker(script, { workerData: { task: 'follow', directory, options: readOnly, end } }),
  );
  await Promise.all([once(first as Worker, 'message'), once(second as Worker, 'message')]);
  const seen = once(first as Worker, 'message');
  for (let n = 0; n < 300; n += 10) await owner.appendBatch(messages(n, 10));
  expect(await seen).toEqual([300]);
  expect(await (second as Worker).terminate()).toBe(1);
});

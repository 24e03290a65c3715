/** Subscriptions whose messages are not in memory: each read takes a turn of the event loop, and things happen meanwhile. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { storeError } from '../ts/errors.js';
import { Reader } from '../ts/reader.js';
import { rejectionOf } from './failure.js';
import { all, appendSome, filled } from './subscribed.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
let failure: Error | undefined;

beforeEach(() => {
  failure = undefined;
  const readSoon = Reader.prototype.readSoon;
  vi.spyOn(Reader.prototype, 'readSoon').mockImplementation(async function (this: Reader, ...args) {
    await turn();
    if (failure !== undefined) throw failure;
    return readSoon.apply(this, args);
  });
});
afterEach(() => vi.restoreAllMocks());

test('order and ends are the same as from memory', async () => {
  const store = await filled();
  const seen = await all(store.subscribe({ topic: 'T', untilEnd: true, maxMessages: 2 }));
  expect(seen).toEqual(['0:0', '0:1', '1:0', '1:1', '0:2', '0:3', '1:2', '0:4']);
  const iterator = store.subscribe({ topic: 'T', from: 'latest' }).batches();
  const next = iterator.next();
  await appendSome(store, 'T', 1, 1);
  expect((await next).value).toMatchObject({ queueId: 1, nextOffset: 4 });
});

test('an append to another queue while a read is under way does not disturb it', async () => {
  const store = await filled();
  const iterator = store.subscribe({ topic: 'T', from: { offsets: new Map([[1, 3]]) } })[Symbol.asyncIterator]();
  for (let offset = 0; offset < 5; offset++) expect((await iterator.next()).value).toMatchObject({ queueId: 0, offset });
  const next = [iterator.next(), iterator.next(), iterator.next()];
  await appendSome(store, 'T', 1, 2);
  await appendSome(store, 'T', 2, 1);
  const seen = (await Promise.all(next)).map(({ value }) => `${value.queueId}:${value.offset}`);
  expect(seen.sort()).toEqual(['1:3', '1:4', '2:0']);
});

test.each(['abort', 'return', 'close'] as const)('what comes too late after %s is not counted as yielded', async (how) => {
  const store = await filled();
  const controller = new AbortController();
  const subscription = store.subscribe({ topic: 'T', queueId: 0, from: { offset: 1 }, signal: controller.signal });
  const iterator = subscription[Symbol.asyncIterator]();
  const next = how === 'abort' ? rejectionOf(iterator.next()) : iterator.next();
  await Promise.resolve();
  if (how === 'abort') controller.abort();
  else if (how === 'return') await iterator.return?.();
  else await store.close();
  if (how === 'abort') expect(await next).toMatchObject({ code: 'ABORTED' });
  else expect(await next).toEqual({ value: undefined, done: true });
  await turn();
  expect(subscription.offsets).toEqual(new Map([[0, 1]]));
  expect(await iterator.next()).toEqual({ value: undefined, done: true });
});

test('a read that fails is thrown once, and the subscription is over', async () => {
  const store = await filled();
  const subscription = store.subscribe({ topic: 'T', queueId: 0 });
  const iterator = subscription[Symbol.asyncIterator]();
  failure = storeError('IO_ERROR', 'The device is gone.');
  const [first, second] = [iterator.next(), iterator.next()];
  await expect(first).rejects.toBe(failure);
  expect(await second).toEqual({ value: undefined, done: true });
  expect(subscription.offsets).toEqual(new Map([[0, 0]]));
});

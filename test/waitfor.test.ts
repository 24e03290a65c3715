/** Waiting for an offset: when it resolves, with what, and that a wake-up is one for any number of waits. */
import { expect, test } from 'vitest';
import { rejectionOf } from './failure.js';
import { openStore, storeFolder } from './storefolder.js';

const message = { topic: 'T', queueId: 0, body: 'x' };

/** What became of promises so far, without waiting for any. */
async function settledNow(promises: readonly Promise<boolean>[]): Promise<(boolean | 'waiting')[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.all(promises.map((promise) => Promise.race([promise, Promise.resolve('waiting' as const)])));
}

test('a wait resolves once its offset can be read, and at once when it can be already', async () => {
  const store = await openStore(storeFolder());
  const waits = [0, 1, 2, 4].map((offset) => store.waitFor('T', 0, offset));
  expect(await settledNow(waits)).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
  await store.append(message);
  expect(await settledNow(waits)).toEqual([true, 'waiting', 'waiting', 'waiting']);
  await store.appendBatch([message, message]);
  expect(await settledNow(waits)).toEqual([true, true, true, 'waiting']);
  expect(await store.waitFor('T', 0, 2)).toBe(true);
  store.appendSync(message);
  store.appendSync(message);
  expect(await waits[3]).toBe(true);
});

test('what is written and not visible is waited for in a store that shows what is durable', async () => {
  const store = await openStore(storeFolder(), { flush: { mode: 'sync', intervalMs: 3_600_000 } });
  await store.append(message, { durability: 'written' });
  const waits = [store.waitFor('T', 0, 0)];
  expect(await settledNow(waits)).toEqual(['waiting']);
  await store.flush();
  expect(await waits[0]).toBe(true);
});

test('a wait is heard when nobody waits for the append itself', async () => {
  // No sync comes along that would be heard anyway.
  const store = await openStore(storeFolder(), { flush: { mode: 'async', intervalMs: 3_600_000 } });
  store.appendSync(message);
  const waiting = store.waitFor('T', 0, 1);
  store.appendSync(message);
  expect(await waiting).toBe(true);
});

test('a wait that takes too long resolves with false, and zero milliseconds only look', async () => {
  const store = await openStore(storeFolder());
  expect(await store.waitFor('T', 0, 0, { timeoutMs: 0 })).toBe(false);
  expect(await store.waitFor('T', 0, 0, { timeoutMs: 2 })).toBe(false);
  await store.append(message);
  expect(await store.waitFor('T', 0, 0, { timeoutMs: 0 })).toBe(true);
  const waiting = store.waitFor('T', 0, 1, { timeoutMs: 60_000 });
  await store.append(message);
  expect(await waiting).toBe(true);
});

test('a topic and a queue that are not there are waited for', async () => {
  const store = await openStore(storeFolder());
  const topic = store.waitFor('New', 0, 0);
  const queue = store.waitFor('New', 2, 1);
  await store.append({ topic: 'New', body: 'a' });
  expect(await topic).toBe(true);
  await store.updateTopic('New', { queues: 3 });
  await store.append({ topic: 'New', queueId: 2, body: 'b' });
  expect(await settledNow([queue])).toEqual(['waiting']);
  await store.append({ topic: 'New', queueId: 2, body: 'c' });
  expect(await queue).toBe(true);
});

test('a deleted topic is waited for as one that is not there yet: it goes on numbering', async () => {
  const store = await openStore(storeFolder());
  await store.append(message);
  const waits = [store.waitFor('T', 0, 1), store.waitFor('T', 0, 2)];
  await store.deleteTopic('T');
  expect(await settledNow(waits)).toEqual(['waiting', 'waiting']);
  expect((await store.append(message)).offset).toBe(1);
  expect(await settledNow(waits)).toEqual([true, 'waiting']);
  expect(await store.waitFor('T', 0, 0)).toBe(true);
  await store.append(message);
  expect(await waits[1]).toBe(true);
});

test('a wait ends by its signal, and by closing the store', async () => {
  const store = await openStore(storeFolder());
  const controller = new AbortController();
  const aborted = rejectionOf(store.waitFor('T', 0, 0, { signal: controller.signal }));
  const closed = rejectionOf(store.waitFor('T', 0, 0, { timeoutMs: 60_000 }));
  controller.abort('enough');
  expect(await aborted).toMatchObject({ code: 'ABORTED', cause: 'enough' });
  expect(await rejectionOf(store.waitFor('T', 0, 0, { signal: controller.signal }))).toMatchObject({ code: 'ABORTED' });
  await store.close();
  expect(await closed).toMatchObject({ code: 'NOT_OPEN' });
  expect(await rejectionOf(store.waitFor('T', 0, 0))).toMatchObject({ code: 'NOT_OPEN' });
});

test('a wait that makes no sense is refused', async () => {
  const store = await openStore(storeFolder());
  const wait = (...wrong: unknown[]): Promise<unknown> =>
    rejectionOf((store.waitFor as (...args: unknown[]) => Promise<unknown>).apply(store, wrong));
  for (const wrong of [
    [5, 0, 0],
    ['a.b', 0, 0],
    ['T', -1, 0],
    ['T', 0, 0.5],
    ['T', 0, 0, { timeoutMs: -1 }],
    ['T', 0, 0, { in: 1 }],
  ]) {
    expect(await wait(...wrong)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
});

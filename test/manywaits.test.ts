/** Ten thousand who wait cost little each and no timer, and one group of appends is one wake-up for all of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { MessageStore } from '../ts/index.js';
import { openStore, storeFolder } from './storefolder.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const many = 10_000;
const message = { topic: 'T', queueId: 0, body: 'x' };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Timers of this process that have not fired. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

/** Bytes of JavaScript's heap that each of `many` takes once they have begun; none of them takes a timer. */
async function bytesOfEach(begin: () => void): Promise<number> {
  const timersBefore = timers();
  collect();
  const before = process.memoryUsage().heapUsed;
  begin();
  await turn();
  collect();
  // Others of this process come and go.
  expect(timers() - timersBefore).toBeLessThan(many / 100);
  return (process.memoryUsage().heapUsed - before) / many;
}

test('waits for one queue', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  await store.append(message);
  const waits: Promise<boolean>[] = [];
  let settled = 0;
  const bytes = await bytesOfEach(() => {
    for (let n = 0; n < many; n++) waits.push(store.waitFor('T', 0, 1 + (n % 2)));
  });
  expect(bytes).toBeLessThan(2048);
  for (const wait of waits) void wait.then(() => settled++);
  const writes = store.stats().writes as number;
  await store.append(message);
  await turn();
  expect(settled).toBe(many / 2);
  await store.append(message);
  expect((await Promise.all(waits)).every(Boolean)).toBe(true);
  expect((store.stats().writes as number) - writes).toBe(2);
});

test.each([1, many])('subscriptions over %i queues', async (queues) => {
  const store: MessageStore = await openStore(storeFolder(), { flush: 'async' });
  await store.createTopic('T', { queues });
  const iterators = Array.from({ length: many }, (_, n) =>
    store.subscribe({ topic: 'T', queueId: n % queues })[Symbol.asyncIterator](),
  );
  let next: Promise<IteratorResult<{ offset: number; queueId: number }>>[] = [];
  const bytes = await bytesOfEach(() => {
    next = iterators.map((iterator) => iterator.next());
  });
  expect(bytes).toBeLessThan(2048);
  // Each was asked before it began, so the first turn of all has passed.
  await turn();
  let settled = 0;
  for (const one of next) void one.then(() => settled++);
  const writes = store.stats().writes as number;
  const reads = store.stats().readMessages;
  await store.append(message);
  while (settled < many / queues) await turn();
  expect(settled).toBe(many / queues);
  expect((store.stats().writes as number) - writes).toBe(1);
  expect(store.stats().readMessages - reads).toBe(many / queues);
  expect(await next[0]).toMatchObject({ done: false, value: { offset: 0, queueId: 0 } });
  await store.close();
  expect((await Promise.all(next)).filter(({ done }) => done).length).toBe(many - many / queues);
});

test('those who leave while they wait leave nothing behind', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  await store.append(message);
  const controller = new AbortController();
  const { signal } = controller;
  const waitAndLeave = async (): Promise<void> => {
    const iterators = Array.from({ length: many }, () =>
      store.subscribe({ topic: 'T', from: 'latest', signal })[Symbol.asyncIterator](),
    );
    const next = iterators.map((iterator) => iterator.next());
    await turn();
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
    expect((await Promise.all(next)).every(({ done }) => done)).toBe(true);
  };
  await waitAndLeave();
  collect();
  const before = process.memoryUsage().heapUsed;
  await waitAndLeave();
  await turn();
  collect();
  expect((process.memoryUsage().heapUsed - before) / many).toBeLessThan(100);
});

test('an append to one queue of ten thousand that are waited for looks at that queue alone', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  await store.createTopic('T', { queues: many });
  const waits = Array.from({ length: many }, (_, queueId) => store.waitFor('T', queueId, 0).catch(() => false));
  await turn();
  const timeOf = async (queueId: number): Promise<number> => {
    const begin = performance.now();
    for (let n = 0; n < 200; n++) await store.append({ topic: 'T', queueId, body: 'x' });
    return performance.now() - begin;
  };
  await timeOf(0);
  // Looking at all of them would take milliseconds for each append.
  expect(await timeOf(1)).toBeLessThan(400);
  expect(await Promise.all([waits[0], waits[1]])).toEqual([true, true]);
  await store.close();
  expect((await Promise.all(waits)).filter(Boolean).length).toBe(2);
});

/** Reading what is in memory, without end and without ever having to wait: the event loop gets its turn all the same. */
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { MessageStore } from '../ts/index.js';
import { openStore, storeFolder } from './storefolder.js';

async function filled(): Promise<MessageStore> {
  const store = await openStore(storeFolder());
  await Promise.all(Array.from({ length: 100 }, (_, n) => store.append({ topic: 'T', body: `${n}`, keys: `key-${n}` })));
  return store;
}

/** Takes whatever is written, at once. */
const drain = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });

const ways: Record<string, (store: MessageStore, n: number) => Promise<unknown>> = {
  read: (store, n) => store.read('T', 0, n),
  readRaw: (store, n) => store.readRaw('T', 0, n),
  messageAt: (store) => store.messageAt(0),
  findByKey: (store, n) => store.findByKey('T', `key-${n}`),
  offsetAt: (store, n) => store.offsetAt('T', 0, n),
  transfer: (store, n) => store.transfer(drain, 'T', 0, n),
};

test('timers go on while many read at once, each without end', async () => {
  const store = await filled();
  let ticks = 0;
  let late = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late = Math.max(late, now - last);
    last = now;
    ticks++;
  }, 1);
  const end = performance.now() + 300;
  const readOn = async (n: number): Promise<void> => {
    while (performance.now() < end) await store.read('T', 0, n % 100);
  };
  await Promise.all(Array.from({ length: 50 }, (_, n) => readOn(n)));
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(10);
  // Two milliseconds for each of them would be a hundred.
  expect(late).toBeLessThan(60);
});

test.each(Object.keys(ways))('timers go on while %s is called again and again', async (way) => {
  const store = await filled();
  const act = ways[way] as (typeof ways)[string];
  let ticks = 0;
  const timer = setInterval(() => {
    ticks++;
  }, 1);
  const end = performance.now() + 300;
  let calls = 0;
  for (; performance.now() < end; calls++) await act(store, calls % 100);
  clearInterval(timer);
  // At least every tenth turn's worth, on a machine that has other things to do.
  expect(ticks).toBeGreaterThan(10);
  expect(calls).toBeGreaterThan(100);
});

test('what was read before the loop got its turn is what was there at the call', async () => {
  const store = await filled();
  let result = store.read('T', 0, 99);
  for (const end = performance.now() + 20; performance.now() < end; ) result = store.read('T', 0, 99);
  const receipt = store.appendSync({ topic: 'T', body: 'later' });
  expect(receipt.offset).toBe(100);
  expect(await result).toMatchObject({ nextOffset: 100, maxOffset: 100 });
});

test('a store may be closed while an answer waits for the next turn', async () => {
  const store = await filled();
  const results: Promise<unknown>[] = [];
  for (const end = performance.now() + 20; performance.now() < end; )
    results.push(store.read('T', 0, 0), store.findByKey('T', 'key-1'));
  const closed = store.close();
  await Promise.all([...results, closed]);
});

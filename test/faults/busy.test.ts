/** BUSY: what is not acknowledged yet is bounded, order is kept across the refusal, and drained() tells when to go on. */
import { expect, test } from 'vitest';
import type { MessageStore, StoreError } from '../../ts/index.js';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected, expectTold } from './told.js';

const busy = { code: 'BUSY', retriable: true, says: 'drained()' } as const;
const bound = 100_000;

/** Appends bodies of 1000 bytes, numbered, in one turn; what became of each, in the order of the calls. */
function appendInOneTurn(store: MessageStore, count: number) {
  return Array.from({ length: count }, (_, n) => {
    const body = Buffer.alloc(1000);
    body.writeInt32BE(n);
    return store.append({ topic: 'T', body });
  });
}

test.each(['sync', 'async'] as const)('appends beyond maxPendingBytes are refused, with %s flush', async (flush) => {
  const store = await openStore(storeFolder(), { flush, maxPendingBytes: bound });
  const outcomes = await Promise.allSettled(appendInOneTurn(store, 1000));
  const taken = outcomes.filter((each) => each.status === 'fulfilled').length;
  // A record costs its bytes and 512.
  const { size } = (outcomes[0] as PromiseFulfilledResult<{ size: number }>).value;
  expect(taken).toBe(Math.floor(bound / (size + 512)));
  // A prefix of the calls, and all behind it refused.
  expect(outcomes.slice(0, taken).every(({ status }) => status === 'fulfilled')).toBe(true);
  for (const each of outcomes.slice(taken)) expectTold((each as PromiseRejectedResult).reason as StoreError, busy);
  expect(store.pendingBytes).toBe(0);

  const next = await store.append({ topic: 'T', body: 'next' });
  expect(next.offset).toBe(taken);
});

test('pendingBytes never exceeds the bound, but for one larger batch when nothing is pending', async () => {
  const store = await openStore(storeFolder(), { maxPendingBytes: bound });
  const appends = Promise.allSettled(appendInOneTurn(store, 1000));
  expect(store.pendingBytes).toBeGreaterThan(bound / 2);
  expect(store.pendingBytes).toBeLessThanOrEqual(bound);
  const large = Array.from({ length: 200 }, () => ({ topic: 'T', body: Buffer.alloc(1000) }));
  await expectRejected(store.appendBatch(large), busy);
  await appends;

  const batch = store.appendBatch(large);
  expect(store.pendingBytes).toBeGreaterThan(bound);
  await expectRejected(store.append({ topic: 'T', body: '' }), busy);
  expect(await batch).toHaveLength(200);
});

test('an append called before a refusal was delivered is refused too, however small, and so order is kept', async () => {
  const store = await openStore(storeFolder(), { maxPendingBytes: 12_000 });
  const first = store.append({ topic: 'T', body: Buffer.alloc(9000, 1) });
  const second = store.append({ topic: 'T', body: Buffer.alloc(9000, 2) });
  const third = store.append({ topic: 'T', body: '3' });
  const fourth = store.appendBatch([{ topic: 'U', body: '4' }]);
  await expectRejected(second, busy);
  await expectRejected(third, busy);
  await expectRejected(fourth, busy);
  await first;
  await store.drained();
  // Again, in the same order.
  expect((await store.append({ topic: 'T', body: Buffer.alloc(9000, 2) })).offset).toBe(1);
  expect((await store.append({ topic: 'T', body: '3' })).offset).toBe(2);
});

test('appendSync called before a refusal was delivered is refused too', async () => {
  const store = await openStore(storeFolder(), { maxPendingBytes: 12_000 });
  const first = store.append({ topic: 'T', body: Buffer.alloc(9000) });
  const second = store.append({ topic: 'T', body: Buffer.alloc(9000) });
  expect(() => store.appendSync({ topic: 'T', body: 'x' })).toThrow(/drained\(\)/);
  await expectRejected(second, busy);
  await first;
  expect(store.appendSync({ topic: 'T', body: 'x' }).offset).toBe(1);
});

test('whoever appends again after each refusal gets everything stored once and in order', async () => {
  const store = await openStore(storeFolder(), { flush: 'async', maxPendingBytes: 20_000 });
  const total = 2000;
  let refusals = 0;
  for (let next = 0; next < total; ) {
    // Three turns of appends that nobody waits for, then as many again as were refused.
    const wave: Promise<unknown>[] = [];
    for (let n = next; n < Math.min(next + 40, total); n++) wave.push(store.append({ topic: 'T', body: `${n}`.padEnd(800) }));
    const outcomes = await Promise.allSettled(wave);
    const refused = outcomes.findIndex(({ status }) => status === 'rejected');
    if (refused < 0) {
      next += wave.length;
      continue;
    }
    refusals++;
    expect(outcomes.slice(refused).every(({ status }) => status === 'rejected')).toBe(true);
    next += refused;
    await store.drained();
    expect(store.pendingBytes).toBeLessThanOrEqual(10_000);
  }
  expect(refusals).toBeGreaterThan(10);
  for (let offset = 0; offset < total; ) {
    const { messages, nextOffset } = await store.read('T', 0, offset, { maxMessages: 500, maxBytes: 1_000_000 });
    messages.forEach((message, index) => void expect(Number(message.body.toString())).toBe(offset + index));
    offset = nextOffset;
  }
});

test('drained waits for half of the bound, for several at once, and not at all when there is room', async () => {
  const store = await openStore(storeFolder(), { maxPendingBytes: bound });
  await store.drained();
  const appends = appendInOneTurn(store, 1000);
  const outcomes = Promise.allSettled(appends);
  const waits = [store.drained(), store.drained(), store.drained({ signal: new AbortController().signal })];
  const controller = new AbortController();
  const aborted = store.drained({ signal: controller.signal });
  controller.abort('enough');
  await expectRejected(aborted, { code: 'ABORTED', says: 'room' });
  await expectRejected(store.drained({ signal: AbortSignal.abort() }), { code: 'ABORTED' });
  await Promise.all(waits);
  expect(store.pendingBytes).toBeLessThanOrEqual(bound / 2);
  await outcomes;
});

test('a wait for room ends when the store is closed', async () => {
  const store = await openStore(storeFolder(), { maxPendingBytes: bound });
  const outcomes = Promise.allSettled(appendInOneTurn(store, 1000));
  const room = store.drained();
  await store.close();
  await room;
  expect((await outcomes)[0]?.status).toBe('fulfilled');
});

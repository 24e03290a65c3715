/** FLUSH_TIMEOUT and ABORTED: giving up a wait. What was appended stays appended, and the error says where. */
import { expect, test } from 'vitest';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected } from './told.js';

/** Nothing becomes durable by itself within a test. */
const lazy = { flush: { mode: 'async', intervalMs: 3_600_000, maxUnflushedBytes: 2 ** 40 } } as const;
const message = { topic: 'T', body: 'x' };

test('an append that is not acknowledged in time is in the log, and the error carries its receipt', async () => {
  const store = await openStore(storeFolder(), lazy);
  const { position, size } = await store.append(message);
  // Behind the turn of an immediate timers come first, before the engine can be heard: this one has passed by then.
  await new Promise((resolve) => setImmediate(resolve));
  const late = store.append(message, { durability: 'durable', timeoutMs: 1 });
  for (const began = performance.now(); performance.now() < began + 5; );
  const error = await expectRejected(late, { code: 'FLUSH_TIMEOUT', stored: 'yes', says: 'do not repeat it' });
  expect(error.details.receipt).toMatchObject({
    topic: 'T',
    queueId: 0,
    offset: 1,
    position: position + size,
    durability: 'written',
  });
  await store.flush();
  expect((await store.read('T', 0, 0)).messages.map(({ offset }) => offset)).toEqual([0, 1]);
  expect((await store.append(message)).offset).toBe(2);
});

test('a wait for a watermark that does not move ends in time, and stores nothing', async () => {
  const store = await openStore(storeFolder(), lazy);
  const { position, size } = await store.append(message);
  const end = position + size;
  expect((await store.reached('written', end)).written).toBe(end);
  expect(store.watermarks.durable).toBe(0);
  const told = { code: 'FLUSH_TIMEOUT', says: `Position ${end} was not durable within 5 ms` } as const;
  await expectRejected(store.reached('durable', end, { timeoutMs: 5 }), told);
  expect(store.watermarks.durable).toBe(0);
  const waiting = store.reached('durable', end, { timeoutMs: 60_000 });
  await store.flush();
  expect((await waiting).durable).toBe(end);
});

test('a signal that was aborted before the call keeps the append out of the log', async () => {
  const store = await openStore(storeFolder());
  const reason = new Error('changed my mind');
  const options = { signal: AbortSignal.abort(reason) };
  for (const aborted of [store.append(message, options), store.appendBatch([message], options)]) {
    const error = await expectRejected(aborted, { code: 'ABORTED' });
    expect(error.cause).toBe(reason);
    expect(error.details.receipt).toBeUndefined();
  }
  expect(await store.append(message)).toMatchObject({ offset: 0, position: 0 });
  await expectRejected(store.queue('T', 0).append(message, options), { code: 'ABORTED' });
});

test('a signal that is aborted later ends only the wait', async () => {
  const store = await openStore(storeFolder());
  const controller = new AbortController();
  const reason = new Error('enough');
  const appended = store.append(message, { signal: controller.signal });
  const batch = store.appendBatch([message, message], { signal: controller.signal });
  controller.abort(reason);
  const error = await expectRejected(appended, { code: 'ABORTED', stored: 'yes' });
  expect(error.cause).toBe(reason);
  expect(error.details.receipt).toMatchObject({ offset: 0, position: 0, durability: 'written' });
  const ofBatch = await expectRejected(batch, { code: 'ABORTED', stored: 'yes' });
  expect(ofBatch.details.receipt).toMatchObject({ offset: 1 });

  await store.flush();
  expect(store.queue('T', 0).maxOffset).toBe(3);
  // Nor does what nobody waits for count as pending for ever.
  expect(store.pendingBytes).toBe(0);
});

test('a signal ends a wait for a watermark', async () => {
  const store = await openStore(storeFolder(), lazy);
  const { position, size } = await store.append(message);
  const controller = new AbortController();
  const waiting = store.reached('durable', position + size, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await expectRejected(waiting, { code: 'ABORTED', says: 'watermark' });
  await expectRejected(store.reached('durable', position + size, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

test('a wait that ended leaves no listener on its signal', async () => {
  const store = await openStore(storeFolder());
  const { signal } = new AbortController();
  let listeners = 0;
  const count = (change: number, original: (...args: never[]) => void) =>
    function counted(this: AbortSignal, ...args: never[]) {
      listeners += change;
      original.apply(this, args);
    };
  signal.addEventListener = count(1, signal.addEventListener as never) as never;
  signal.removeEventListener = count(-1, signal.removeEventListener as never) as never;
  for (let n = 0; n < 20; n++) await store.append(message, { signal, timeoutMs: 60_000 });
  expect(listeners).toBe(0);
});

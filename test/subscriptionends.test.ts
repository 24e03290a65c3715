/** How a subscription meets what is not there: offsets out of range, losses, deleted topics; and how it ends. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LostMessages, MessageStore } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { flipBit } from './flipbit.js';
import { openStore, storeFolder } from './storefolder.js';
import { all, appendSome, filled, small, upTo } from './subscribed.js';

test('an offset that is not there throws, or is moved to either end', async () => {
  const store = await filled();
  for (const offset of [6, 100]) {
    const told = await rejectionOf(upTo(store, { queueId: 0, from: { offset } }));
    expect(told).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', message: expect.stringContaining(`0 to 5: ${offset} is not there`) });
    expect((await upTo(store, { queueId: 0, from: { offset }, onOutOfRange: 'earliest' })).length).toBe(5);
    expect(await upTo(store, { queueId: 0, from: { offset }, onOutOfRange: 'latest' })).toEqual([]);
  }
  expect(await rejectionOf(upTo(store, { queueId: 2, from: { offset: 1 } }))).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  const waiting = store.subscribe({ topic: 'T', queueId: 0, from: { offset: 9 }, onOutOfRange: 'latest' })[Symbol.asyncIterator]();
  const next = waiting.next();
  await appendSome(store, 'T', 0, 1);
  expect((await next).value?.offset).toBe(5);
});

test('an offset whose file is gone throws, or the oldest message that is left comes next', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  await appendSome(store, 'T', 0, 300);
  await store.close();
  rmSync(join(directory, 'commitlog', readdirSync(join(directory, 'commitlog')).sort()[0] ?? ''));
  const shorter = await openStore(directory, { ...small, readOnly: true });
  const oldest = shorter.queue('T', 0).minOffset;
  expect(oldest).toBeGreaterThan(0);
  expect((await upTo(shorter, {})).length).toBe(300 - oldest);
  const from = { offset: 0 };
  expect(await rejectionOf(upTo(shorter, { queueId: 0, from }))).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  expect((await upTo(shorter, { queueId: 0, from, onOutOfRange: 'earliest' }))[0]).toBe(`0:${oldest}`);
});

test('a topic that is deleted is waited for, and what was not read of it is out of range', async () => {
  const store = await filled();
  const caughtUp = store.subscribe({ topic: 'T', queueId: 0, from: 'latest' })[Symbol.asyncIterator]();
  const behind = store.subscribe({ topic: 'T', queueId: 0, maxMessages: 1 })[Symbol.asyncIterator]();
  expect((await behind.next()).value?.offset).toBe(0);
  const next = caughtUp.next();
  await store.deleteTopic('T');
  const lost = rejectionOf(behind.next());
  await appendSome(store, 'T', 0, 1);
  expect((await next).value?.offset).toBe(5);
  expect(await lost).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
});

/** 30 messages of which those of the given offsets rotted after a clean shutdown. */
async function damaged(...offsets: number[]): Promise<MessageStore> {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  const receipts = await Promise.all(
    Array.from({ length: 30 }, (_, n) => store.append({ topic: 'T', body: Buffer.alloc(300, n) })),
  );
  await store.close();
  for (const offset of offsets) flipBit(directory, 16 * 1024, (receipts[offset]?.position ?? 0) + 200);
  return openStore(directory, small);
}

test('a loss throws CORRUPTION behind the last message in front of it, and offsets stay in front of it', async () => {
  const store = await damaged(7, 8);
  for (const way of ['messages', 'batches'] as const) {
    const subscription = store.subscribe({ topic: 'T', untilEnd: true });
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      if (way === 'messages') for await (const { offset } of subscription) seen.push(offset);
      else for await (const { messages } of subscription.batches()) seen.push(...messages.map(({ offset }) => offset));
    };
    const told = await rejectionOf(reading());
    expect(told).toMatchObject({ code: 'CORRUPTION', message: expect.stringContaining('from offset 7 to before 9') });
    expect(told).toMatchObject({ details: { path: expect.stringContaining('commitlog'), position: expect.any(Number) } });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(subscription.offsets).toEqual(new Map([[0, 7]]));
  }
});

test('onLost is told of every loss in its place, and reading goes on behind it', async () => {
  const store = await damaged(0, 7, 8, 29);
  const seen: (number | string)[] = [];
  const onLost = ({ topic, queueId, fromOffset, toOffset, ranges }: LostMessages & { topic: string; queueId: number }): void => {
    expect(ranges[0]?.file).toContain('commitlog');
    seen.push(`lost ${topic} ${queueId} ${fromOffset}-${toOffset}`);
  };
  for await (const { offset } of store.subscribe({ topic: 'T', untilEnd: true, onLost })) seen.push(offset);
  const numbers = Array.from({ length: 30 }, (_, n) => n);
  expect(seen).toEqual(['lost T 0 0-1', ...numbers.slice(1, 7), 'lost T 0 7-9', ...numbers.slice(9, 29), 'lost T 0 29-30']);
  const own = new Error('not like this');
  const throwing = store.subscribe({
    topic: 'T',
    untilEnd: true,
    onLost: () => {
      throw own;
    },
  });
  await expect(all(throwing)).rejects.toBe(own);
});

test('a signal throws ABORTED once: while waiting, with messages in hand, and before the first', async () => {
  const store = await filled();
  for (const when of ['waiting', 'in hand', 'before'] as const) {
    const controller = new AbortController();
    const subscription = store.subscribe({
      topic: 'T',
      queueId: 0,
      signal: controller.signal,
      from: { offset: when === 'waiting' ? 5 : 0 },
    });
    const iterator = subscription[Symbol.asyncIterator]();
    if (when === 'in hand') expect((await iterator.next()).value?.offset).toBe(0);
    const waiting = when === 'waiting' ? rejectionOf(iterator.next()) : undefined;
    controller.abort('enough');
    expect(await (waiting ?? rejectionOf(iterator.next()))).toMatchObject({ code: 'ABORTED', name: 'AbortError', cause: 'enough' });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(subscription.offsets).toEqual(new Map([[0, { waiting: 5, 'in hand': 1, before: 0 }[when]]]));
  }
});

test('closing the store ends iterations normally, those that wait and those that do not', async () => {
  const store = await filled();
  const waiting = all(store.subscribe({ topic: 'T' }));
  const inHand = store.subscribe({ topic: 'T' })[Symbol.asyncIterator]();
  const untouched = store.subscribe({ topic: 'T' });
  expect((await inHand.next()).done).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  await store.close();
  expect((await waiting).length).toBe(8);
  expect((await inHand.next()).done).toBe(true);
  expect(await all(untouched)).toEqual([]);
  expect(() => store.subscribe({ topic: 'T' })).toThrow(expect.objectContaining({ code: 'NOT_OPEN' }));
});

test('leaving a loop frees everything: the next group wakes nobody', async () => {
  const store = await filled();
  const controller = new AbortController();
  for (let n = 0; n < 20; n++) {
    for await (const _ of store.subscribe({ topic: 'T', signal: controller.signal })) break;
    const iterator = store.subscribe({ topic: 'T', from: 'latest' }).batches();
    const next = iterator.next();
    await iterator.return?.();
    expect(await next).toEqual({ value: undefined, done: true });
    await using disposed = store.subscribe({ topic: 'T' });
    expect(disposed.offsets.size).toBe(3);
  }
  const reads = store.stats().readMessages;
  await appendSome(store, 'T', 0, 3);
  expect(store.stats().readMessages).toBe(reads);
  controller.abort();
});

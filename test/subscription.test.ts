/** Subscriptions: from where they begin, what they yield, and in which order. */
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Batch, SubscribeOptions } from '../ts/index.js';
import { Turn } from '../ts/turn.js';
import { openStore, storeFolder } from './storefolder.js';
import { all, appendSome, filled, small, upTo } from './subscribed.js';

test('a subscription begins where it is told to', async () => {
  const store = await filled();
  expect((await upTo(store, {})).sort()).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '1:0', '1:1', '1:2']);
  expect(await upTo(store, { from: 'latest' })).toEqual([]);
  expect(await upTo(store, { queueId: 0, from: { offset: 3 } })).toEqual(['0:3', '0:4']);
  expect(await upTo(store, { queueId: [1], from: { offset: 3 } })).toEqual([]);
  expect((await upTo(store, { queueId: [2, 1], from: 'earliest' })).sort()).toEqual(['1:0', '1:1', '1:2']);
  expect((await upTo(store, { from: { offsets: new Map([[0, 4]]) } })).sort()).toEqual(['0:4', '1:0', '1:1', '1:2']);
  expect(await upTo(store, { topic: 'unknown' })).toEqual([]);
});

test('where it begins and ends is fixed when subscribe is called', async () => {
  const store = await filled();
  const latest = store.subscribe({ topic: 'T', from: 'latest' });
  const end = store.subscribe({ topic: 'T', untilEnd: true });
  await store.updateTopic('T', { queues: 4 });
  await appendSome(store, 'T', 0, 1);
  await appendSome(store, 'T', 2, 1);
  await appendSome(store, 'T', 3, 1);
  expect((await all(end)).length).toBe(8);
  const iterator = latest[Symbol.asyncIterator]();
  const seen = [await iterator.next(), await iterator.next(), await iterator.next()];
  expect(seen.map(({ value }) => `${value.queueId}:${value.offset}`).sort()).toEqual(['0:5', '2:0', '3:0']);
});

test('messages come as they become visible, from queues and topics added later too', async () => {
  const store = await openStore(storeFolder(), small);
  const subscription = store.subscribe({ topic: 'T' });
  const iterator = subscription[Symbol.asyncIterator]();
  for (let round = 0; round < 3; round++) {
    const next = iterator.next();
    if (round > 0) await store.updateTopic('T', { queues: round + 1 });
    await store.append({ topic: 'T', queueId: round, body: `round ${round}` });
    expect((await next).value?.body.toString()).toBe(`round ${round}`);
  }
  expect(subscription.offsets).toEqual(
    new Map([
      [0, 1],
      [1, 1],
      [2, 1],
    ]),
  );
  await iterator.return?.();
  expect((await iterator.next()).done).toBe(true);
});

test('queues take turns, a batch each, and a queue that is far behind keeps none waiting', async () => {
  const store = await openStore(storeFolder(), small);
  await store.createTopic('T', { queues: 3 });
  for (const [queueId, count] of [9, 2, 5].entries()) await appendSome(store, 'T', queueId, count);
  const batches: string[] = [];
  for await (const { queueId, messages } of store.subscribe({ topic: 'T', maxMessages: 2, untilEnd: true }).batches()) {
    batches.push(`${queueId}x${messages.length}`);
  }
  expect(batches).toEqual(['0x2', '1x2', '2x2', '0x2', '2x2', '0x2', '2x1', '0x2', '0x1']);
});

test('a batch is what one read returned, within the bounds of the options', async () => {
  const store = await filled();
  const batches: Batch[] = [];
  const subscription = store.subscribe({ topic: 'T', queueId: 0, maxMessages: 2, untilEnd: true });
  for await (const batch of subscription.batches()) {
    batches.push(batch);
    expect(subscription.offsets).toEqual(new Map([[0, batch.nextOffset]]));
  }
  expect(
    batches.map(({ topic, queueId, status, nextOffset, minOffset, maxOffset, lost }) => [
      topic,
      queueId,
      status,
      nextOffset,
      minOffset,
      maxOffset,
      lost.length,
    ]),
  ).toEqual([
    ['T', 0, 'FOUND', 2, 0, 5, 0],
    ['T', 0, 'FOUND', 4, 0, 5, 0],
    ['T', 0, 'FOUND', 5, 0, 5, 0],
  ]);
});

test('offsets say where a consumer that leaves in the middle goes on, queues that are not there yet included', async () => {
  const store = await filled();
  const seen: string[] = [];
  let from: ReadonlyMap<number, number> = new Map([[7, 3]]);
  for (let life = 0; life < 4; life++) {
    const subscription = store.subscribe({ topic: 'T', from: { offsets: from }, untilEnd: true, maxMessages: 3 });
    let left = 2;
    for await (const { queueId, offset } of subscription) {
      seen.push(`${queueId}:${offset}`);
      if (--left === 0) break;
    }
    from = subscription.offsets;
  }
  expect(seen.sort()).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '1:0', '1:1', '1:2']);
  expect([...from].sort()).toEqual([
    [0, 5],
    [1, 3],
    [2, 0],
    [7, 3],
  ]);
});

test('a second iterator is refused, of either kind', async () => {
  const store = await filled();
  const subscription = store.subscribe({ topic: 'T' });
  subscription.batches();
  expect(() => subscription.batches()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  expect(() => subscription[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

test('calls of next that overlap are answered in their order', async () => {
  const store = await filled();
  const iterator = store.subscribe({ topic: 'T', queueId: 0, maxMessages: 2 })[Symbol.asyncIterator]();
  const asked = Array.from({ length: 7 }, () => iterator.next());
  const ended = asked.map((next) => next.then(({ value, done }) => (done ? 'end' : value.offset)));
  expect(await Promise.all(ended.slice(0, 5))).toEqual([0, 1, 2, 3, 4]);
  await appendSome(store, 'T', 0, 1);
  expect(await ended[5]).toBe(5);
  await iterator.return?.();
  expect(await ended[6]).toBe('end');
});

test('a wake-up that comes while another one is being followed up skips nothing', async () => {
  // No pause of its own comes between.
  const isLong = vi.spyOn(Turn.prototype, 'isLong', 'get').mockReturnValue(false);
  onTestFinished(() => isLong.mockRestore());
  const store = await openStore(storeFolder(), { flush: 'async' });
  await store.createTopic('T', { queues: 1 });
  const iterator = store.subscribe({ topic: 'T', maxMessages: 1 })[Symbol.asyncIterator]();
  for (let round = 0; round < 20; round++) {
    const next = iterator.next();
    await new Promise((resolve) => setImmediate(resolve));
    // Visible at once, and heard of only in the next turn; the new queue is heard of in this one.
    for (let n = 0; n < 3; n++) store.appendSync({ topic: 'T', queueId: 0, body: 'x' });
    const grown = store.updateTopic('T', { queues: round + 2 });
    const seen = [(await next).value.offset];
    while (seen.length < 3) seen.push((await iterator.next()).value.offset);
    expect(seen).toEqual([0, 1, 2].map((n) => 3 * round + n));
    await grown;
  }
});

test('a consumer that never has to wait lets timers and acknowledgements through', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  const messages = Array.from({ length: 1000 }, () => ({ topic: 'T', body: 'x' }));
  for (let n = 0; n < 100; n++) await store.appendBatch(messages);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  let count = 0;
  for await (const _ of store.subscribe({ topic: 'T', untilEnd: true })) count++;
  clearInterval(timer);
  expect(count).toBe(100_000);
  expect(turns).toBeGreaterThan(3);
});

test('a subscription that makes no sense is refused', async () => {
  const store = await filled();
  const refused = (wrong: unknown): unknown => {
    try {
      store.subscribe(wrong as SubscribeOptions);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const topic = 'T';
  for (const wrong of [
    ...[
      undefined,
      null,
      {},
      { topic: 5 },
      { topic: 'a.b' },
      { topic, from: 'first' },
      { topic, from: {} },
      { topic, from: { offset: 1 } },
    ],
    ...[
      { topic, queueId: [0, 1], from: { offset: 1 } },
      { topic, queueId: 0, from: { offset: -1 } },
      { topic, queueId: [] },
    ],
    ...[
      { topic, queueId: [1, 1] },
      { topic, queueId: 65_536 },
      { topic, from: { offsets: {} } },
      { topic, onLost: 'skip' },
    ],
    ...[
      { topic, onOutOfRange: 'skip' },
      { topic, untilEnd: 1 },
      { topic, signal: {} },
      { topic, maxMessages: 0 },
      { topic, group: 'g' },
    ],
    ...[
      { topic, from: { offsets: new Map([[0, -1]]) } },
      { topic, from: { of: 1 } },
      { topic, from: { timestamp: 0.5 } },
      { topic, queueId: 0, from: { offset: 1, timestamp: 1 } },
    ],
  ]) {
    expect(refused(wrong), JSON.stringify(wrong)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
});

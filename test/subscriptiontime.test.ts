/** Subscriptions that begin at a time: whether the place is known at once or has to be looked for on the disk. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { storeError } from '../ts/errors.js';
import type { MessageStore } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { openStore, storeFolder } from './storefolder.js';
import { all, small, upTo } from './subscribed.js';

const search = vi.hoisted(() => ({ isSlow: false, failure: undefined as Error | undefined }));
vi.mock('../ts/timesearch.js', async (original) => {
  const real = await original<typeof import('../ts/timesearch.js')>();
  return {
    ...real,
    offsetAt: (...args: Parameters<typeof real.offsetAt>) => {
      if (!search.isSlow) return real.offsetAt(...args);
      return (async () => {
        await new Promise((resolve) => setImmediate(resolve));
        if (search.failure !== undefined) throw search.failure;
        return real.offsetAt(...args);
      })();
    },
  };
});

const times = [10, 10, 20, 30, 30, 30, 40];
let now = 0;

/** Queue 0 has a message of each time; queue 1 those from 30 on; queue 2 none. */
async function timed(): Promise<MessageStore> {
  const store = await openStore(storeFolder(), { ...small, clock: () => now });
  await store.createTopic('T', { queues: 3 });
  for (const time of times) {
    now = time;
    await store.append({ topic: 'T', queueId: 0, body: 'x' });
    if (time >= 30) await store.append({ topic: 'T', queueId: 1, body: 'x' });
  }
  return store;
}

describe.each([false, true])('where the place has to be looked for: %s', (isSlow) => {
  beforeEach(() => {
    search.isSlow = isSlow;
    search.failure = undefined;
  });
  afterEach(() => {
    search.isSlow = false;
  });

  test('it begins at the first message of each queue stored at or after the time', async () => {
    const store = await timed();
    for (let timestamp = 5; timestamp <= 45; timestamp += 5) {
      const expected = [
        ...times.flatMap((time, offset) => (time >= timestamp ? [`0:${offset}`] : [])),
        ...times.filter((time) => time >= 30).flatMap((time, offset) => (time >= timestamp ? [`1:${offset}`] : [])),
      ];
      expect((await upTo(store, { from: { timestamp } })).sort(), `from ${timestamp}`).toEqual(expected.sort());
    }
  });

  test('what is stored after it was called comes in any case, from queues added later too', async () => {
    const store = await timed();
    const messages = store.subscribe({ topic: 'T', from: { timestamp: 41 } })[Symbol.asyncIterator]();
    const next = messages.next();
    now = 50;
    await store.append({ topic: 'T', queueId: 2, body: 'x' });
    expect((await next).value).toMatchObject({ queueId: 2, offset: 0 });
    await store.updateTopic('T', { queues: 4 });
    const later = messages.next();
    await store.append({ topic: 'T', queueId: 3, body: 'x' });
    expect((await later).value).toMatchObject({ queueId: 3, offset: 0 });
    await messages.return?.();
  });

  test('one that is never iterated leaves nothing behind', async () => {
    const store = await timed();
    store.subscribe({ topic: 'T', from: { timestamp: 20 } });
    await store.close();
  });
});

test('a search that fails is thrown by the iteration', async () => {
  const store = await timed();
  search.isSlow = true;
  search.failure = storeError('IO_ERROR', 'The disk does not answer.');
  const messages = store.subscribe({ topic: 'T', queueId: 0, from: { timestamp: 20 } });
  expect(await rejectionOf(all(messages))).toBe(search.failure);
  search.isSlow = false;
  search.failure = undefined;
});

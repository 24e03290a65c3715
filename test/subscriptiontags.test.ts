/** Subscriptions with a tag filter: what they yield, what they pass over in silence, and where they resume. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageStore, ReadOptions } from '../ts/index.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';
import { all, small, upTo } from './subscribed.js';

/** `Aa` and `BB` have the same hash, so their queue entries look alike. */
const tagNames = ['Aa', 'BB', 'C', undefined] as const;

async function appendTags(store: MessageStore, queueId: number, tags: readonly (string | undefined)[]): Promise<void> {
  for (const tag of tags) await store.append({ topic: 'T', queueId, body: tag ?? '', tags: tag });
}

test('a subscription with tags yields those messages only, told apart from tags with the same hash', async () => {
  const store = await openStore(storeFolder(), { ...small, defaultQueues: 2 });
  await appendTags(store, 0, ['Aa', 'BB', undefined, 'C', 'Aa']);
  await appendTags(store, 1, ['BB', 'BB', 'C']);
  expect((await upTo(store, { tags: 'Aa' })).sort()).toEqual(['0:0', '0:4']);
  expect((await upTo(store, { tags: ['BB', 'C'] })).sort()).toEqual(['0:1', '0:3', '1:0', '1:1', '1:2']);
  expect((await upTo(store, { tags: '*' })).length).toBe(8);
  expect(await upTo(store, { tags: 'none of them' })).toEqual([]);
});

test('what is filtered out counts as passed in the offsets to resume from', async () => {
  const store = await openStore(storeFolder(), small);
  await appendTags(store, 0, ['C', 'Aa', 'C', 'C']);
  const subscription = store.subscribe({ topic: 'T', tags: 'Aa', untilEnd: true });
  expect(await all(subscription)).toEqual(['0:1']);
  expect(subscription.offsets).toEqual(new Map([[0, 4]]));
});

test('a subscription that waits sleeps through messages of other tags, and wakes for its own', async () => {
  const store = await openStore(storeFolder(), small);
  await appendTags(store, 0, ['C']);
  const subscription = store.subscribe({ topic: 'T', tags: 'Aa' });
  const iterator = subscription[Symbol.asyncIterator]();
  let isThere = false;
  const next = iterator.next().then((result) => {
    isThere = true;
    return result;
  });
  await appendTags(store, 0, ['BB', 'C', undefined]);
  await store.waitFor('T', 0, 3);
  await expect.poll(() => subscription.offsets.get(0)).toBe(4);
  expect(isThere).toBe(false);
  await appendTags(store, 0, ['BB', 'Aa']);
  expect((await next).value?.offset).toBe(5);
  await iterator.return?.();
});

test('with any tags and bounds a subscription yields what a look at every message gives', async () => {
  const options = { ...small, defaultQueues: 2, flush: 'async' } as const;
  const wanted = fc.subarray(['Aa', 'BB', 'C', 'D'], { minLength: 1 });
  const bounds: fc.Arbitrary<ReadOptions> = fc.record({
    maxMessages: fc.integer({ min: 1, max: 5 }),
    maxScanned: fc.integer({ min: 1, max: 7 }),
    maxBytes: fc.integer({ min: 1, max: 1000 }),
  });
  const message = fc.record({ queueId: fc.nat(1), tag: fc.constantFrom(...tagNames) });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 40 }), wanted, bounds, async (messages, tags, limits) => {
      const store = await openStore(storeFolder(), options);
      await store.createTopic('T');
      for (const { queueId, tag } of messages) store.appendSync({ topic: 'T', queueId, body: 'x', tags: tag });
      const expected: string[] = [];
      const counts = [0, 0];
      for (const { queueId, tag } of messages) {
        const offset = counts[queueId] as number;
        counts[queueId] = offset + 1;
        if (tag !== undefined && tags.includes(tag)) expected.push(`${queueId}:${offset}`);
      }
      expect((await upTo(store, { tags, ...limits })).sort()).toEqual(expected.sort());
      await store.close();
    }),
    { seed: testSeed, numRuns: 40 },
  );
});

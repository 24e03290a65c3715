/** The hash that picks the queue of a sharding key: golden values, which no release may change. */
import { expect, test } from 'vitest';
import { javaHash, queueOfShardingKey } from '../ts/sharding.js';

test.each([
  ['', 0],
  ['A', 65],
  ['TagA', 2598919],
  ['TagB', 2598920],
  ['TAGS_LONG_VALUE_0123456789', -390068880],
  ['标签', 857175],
  ['标签🚀', 825518202],
  ['a||b', 3012833],
  ['polygenelubricants', -2147483648],
])('the hash of %j is %i, as in Java', (text, hash) => {
  expect(javaHash(text)).toBe(hash);
});

test.each([
  ['order-1', 1, 0],
  ['TagA', 4, 3],
  ['TagA', 8, 7],
  ['TAGS_LONG_VALUE_0123456789', 7, 390068880 % 7],
  ['polygenelubricants', 3, 2147483648 % 3],
  ['polygenelubricants', 4, 0],
  ['标签🚀', 10, 2],
])('the key %j of %i queues goes to queue %i, for ever', (key, queues, queue) => {
  expect(queueOfShardingKey(key, queues)).toBe(queue);
  expect(Object.is(queueOfShardingKey(key, queues), -0)).toBe(false);
});

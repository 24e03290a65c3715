/** Targets are ratios of results of one run, round by round; what was not measured is never decided. */
import { expect, test } from 'vitest';
import type { Result } from '../bench/harness.js';
import type { Verdict } from '../bench/question.js';
import { verdicts } from '../bench/targets.js';

function result(name: string, figures: Result['figures']): Result {
  return { name, title: name, figures };
}

function rates(name: string, ...messagesPerSecond: number[]): Result {
  return result(name, { messagesPerSecond });
}

function verdict(results: readonly Result[], title: string, after?: string): Verdict {
  const all = verdicts(results);
  const from = after === undefined ? 0 : all.findIndex((each) => each.title === after);
  const found = all.slice(from).find((each) => each.title === title);
  if (found === undefined) throw new Error(`no target is called ${title}`);
  return found;
}

const batches = 'appendBatch, 1 KiB, async / RocketMQ';

test('with no results every target stays open', () => {
  const all = verdicts([]);
  expect(all.length).toBeGreaterThan(30);
  expect(all.filter(({ reached }) => reached !== undefined)).toEqual([]);
});

test('a ratio is that of each round, and its median decides', () => {
  const results = [rates('peers/async-1024-batch/millrace', 10, 60, 20), rates('peers/async-1024-batch/rocketmq', 1, 10, 5)];
  expect(verdict(results, batches)).toEqual({
    title: batches,
    target: 5,
    reach: 'at least',
    series: [10, 6, 4],
    value: 6,
    reached: true,
  });
});

test('a target that is missed says so', () => {
  const results = [rates('peers/async-1024-batch/millrace', 40), rates('peers/async-1024-batch/rocketmq', 10)];
  expect(verdict(results, batches)).toMatchObject({ value: 4, reached: false });
});

test('a peer is held by the better of its variants, in each round', () => {
  const results = [
    rates('peers/async-1024-each/millrace', 60, 60),
    rates('peers/async-1024-each/artemis', 10, 20),
    rates('peers/async-1024-each/artemisaio', 20, 10),
  ];
  expect(verdict(results, 'the same / Artemis').series).toEqual([3, 3]);
});

test("the best npm peer is none of Java's, and not the file system", () => {
  const results = [
    rates('peers/async-1024-batch/millrace', 100),
    rates('peers/async-1024-batch/lmdb', 10),
    rates('peers/async-1024-batch/better-sqlite3', 20),
    rates('peers/async-1024-batch/fs', 90),
    rates('peers/async-1024-batch/kafka', 80),
  ];
  expect(verdict(results, 'the same / the best npm peer')).toMatchObject({ value: 5, reached: true });
});

test('the best peer is any but this store and the file system', () => {
  const results = [
    rates('peers/durable-64/millrace', 30),
    rates('peers/durable-64/fs-stream', 100),
    rates('peers/durable-64/artemis', 10),
    rates('peers/durable-64/lmdb', 20),
  ];
  expect(verdict(results, 'the same / the best peer however it batches').value).toBe(1.5);
});

test('RocketMQ by 64 threads is another target than RocketMQ at its best', () => {
  const results = [
    rates('peers/durable-64/millrace', 60),
    rates('peers/durable-64/rocketmq', 30),
    rates('peers/durable-64/rocketmq-threads', 10),
  ];
  expect(verdict(results, 'the same / RocketMQ with 64 threads').value).toBe(6);
  expect(verdict(results, 'the same / the best peer however it batches').value).toBe(2);
});

test('two limits that must both be passed make one', () => {
  const results = [
    result('peers/async-1024-batch/millrace', { bodyBytesPerSecond: [3] }),
    result('limit/checksum-1024', { bytesPerSecond: [4] }),
    result('limit/stream', { bytesPerSecond: [12] }),
  ];
  expect(verdict(results, 'the same / memcpy+CRC and streaming pwrite together').value).toBeCloseTo(1);
});

test('bytes to disk are messages times what each takes there', () => {
  const results = [
    result('peers/async-128-batch/millrace', { messagesPerSecond: [100], diskBytesPerMessage: [250] }),
    result('peers/async-128-batch/kafka', { messagesPerSecond: [200], diskBytesPerMessage: [140] }),
  ];
  expect(verdict(results, 'appendBatch, 128 B, bytes to disk / Kafka, 16 KiB batches').value).toBeCloseTo(25 / 28);
});

test('a durable append is held against write, sync and a round trip together', () => {
  const results = [
    result('peers/durable-1/millrace', { messagesPerSecond: [9000], p99Micros: [300] }),
    result('limit/sync-1', { cycleMeanMicros: [90], cycleP99Micros: [150] }),
    result('limit/roundtrip', { roundTripMeanMicros: [10] }),
  ];
  const title = 'durable, 1 in flight / pwrite+fdatasync and a thread round trip';
  expect(verdict(results, title)).toMatchObject({ value: 0.9, reached: false });
  expect(verdict(results, 'its p99 / p99 of pwrite+fdatasync')).toMatchObject({ value: 2, reach: 'at most', reached: false });
});

test('a pause is ours when it is longer than what the device explains', () => {
  const bare = result('latency/bare', { p99Micros: [100], maxMicros: [2000] });
  const longest = (maxMicros: number): Verdict =>
    verdict(
      [bare, result('latency/50', { p999Micros: [400], maxMicros: [maxMicros] })],
      'its longest / the longer of 5 such p99 and the longest bare one',
    );
  expect(longest(1900).reached).toBe(true);
  expect(longest(2100).reached).toBe(false);
});

test('how many times faster than RocketMQ an opening is, is its time by ours', () => {
  const results = [
    result('peers/reopen/millrace', { openMillis: [20], bareOpenMillis: [500] }),
    result('peers/reopen/rocketmq', { openMillis: [2500] }),
  ];
  expect(verdict(results, 'opening after a kill at full speed, ms').reached).toBe(true);
  expect(verdict(results, 'RocketMQ / the same without its side-car, in cache')).toMatchObject({ value: 5, reached: true });
});

test('the best bulk method is the one that the sustained run is held against', () => {
  const results = [
    result('sustained/async', { logBytesPerSecond: [900] }),
    result('sustained/bulk-direct', { bytesPerSecond: [1000] }),
    result('sustained/bulk-buffered', { bytesPerSecond: [500] }),
  ];
  expect(verdict(results, 'sustained async append / the best bulk method')).toMatchObject({ value: 0.9, reached: true });
});

test('memory is the most that any process of ours took in any round', () => {
  const results = [
    result('flush/a', { memoryMiB: [100, 120] }),
    result('peers/read/millrace', { memoryMiB: [160, 90] }),
    result('peers/read/kafka', { memoryMiB: [2000, 2000] }),
    result('sustained/async', { memoryMiB: [80] }),
    result('sustained/lmdb', { memoryMiB: [170] }),
  ];
  const most = verdict(results, 'RSS without shared mappings, the most of all, MiB');
  expect(most).toMatchObject({ value: 160, reached: false });
});

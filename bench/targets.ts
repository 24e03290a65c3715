/**
 * What the store should reach, as ratios within one run: the machine moves, the ratio does not.
 *
 * Each target is computed round by round from results of the same run; one whose figures were not measured stays open. `fs` and
 * `fs-stream` are Node's own file calls, which know no messages: they stand in the tables, and are no peer that a target speaks of.
 */
import { combine, type Series, summarize } from './figures.js';
import type { Result } from './harness.js';
import { Measured, ratio } from './measured.js';
import type { Verdict } from './question.js';

type Add = (title: string, reach: Verdict['reach'], target: number, series: Series) => void;

const rate = 'messagesPerSecond';
const npmPeers = ['lmdb', 'better-sqlite3', 'classic-level'];

export function verdicts(results: readonly Result[]): Verdict[] {
  const measured = new Measured(results);
  const all: Verdict[] = [];
  const add: Add = (title, reach, target, series) => {
    const value = summarize(series).median;
    const reached = Number.isFinite(value) ? (reach === 'at least' ? value >= target : value <= target) : undefined;
    all.push({ title, target, reach, series, value, reached });
  };
  for (const each of [
    asyncBatches,
    asyncEach,
    small,
    durableOne,
    durableMany,
    queuesAndKeys,
    reading,
    latency,
    opening,
    sustained,
    memory,
  ])
    each(measured, add);
  return all;
}

function ours(measured: Measured, name: string, figure = rate): Series {
  return measured.series(`peers/${name}/millrace`, figure);
}

/** The better of its variants: `artemis`, `artemisaio`. */
function theirs(measured: Measured, name: string, peer: string, figure = rate): Series {
  return measured.best(figure, (result) => isOf(result, name, peer));
}

function isOf(result: string, name: string, peer: string): boolean {
  return result.startsWith(`peers/${name}/${peer}`);
}

function npm(measured: Measured, name: string): Series {
  return measured.best(rate, (result) => npmPeers.some((peer) => isOf(result, name, peer)));
}

function anyPeer(measured: Measured, name: string): Series {
  const isPeer = (peer = ''): boolean => peer !== '' && !/^(?:millrace|fs)(?:-|$)/.test(peer);
  return measured.best(rate, (result) => result.startsWith(`peers/${name}/`) && isPeer(result.split('/')[2]));
}

function asyncBatches(measured: Measured, add: Add): void {
  const name = 'async-1024-batch';
  const own = ours(measured, name);
  add('appendBatch, 1 KiB, async / RocketMQ', 'at least', 5, ratio(own, theirs(measured, name, 'rocketmq')));
  add('the same / Kafka with batches of 16 KiB', 'at least', 2, ratio(own, theirs(measured, name, 'kafka')));
  add('the same / Chronicle Queue, which has no checksum', 'at least', 3, ratio(own, theirs(measured, name, 'chronicle')));
  add('the same / the best npm peer', 'at least', 5, ratio(own, npm(measured, name)));
  const together = combine(
    (checksum, stream) => 1 / (1 / checksum + 1 / stream),
    measured.series('limit/checksum-1024', 'bytesPerSecond'),
    measured.series('limit/stream', 'bytesPerSecond'),
  );
  const bytes = ours(measured, name, 'bodyBytesPerSecond');
  add('the same / memcpy+CRC and streaming pwrite together', 'at least', 0.75, ratio(bytes, together));
}

function asyncEach(measured: Measured, add: Add): void {
  const name = 'async-1024-each';
  const own = ours(measured, name);
  add('append, 1 KiB, async / RocketMQ', 'at least', 4, ratio(own, theirs(measured, name, 'rocketmq')));
  add('the same / Kafka with one record a batch', 'at least', 5, ratio(own, theirs(measured, name, 'kafka')));
  add('the same / Artemis', 'at least', 2, ratio(own, theirs(measured, name, 'artemis')));
  add('the same / the best npm peer', 'at least', 3, ratio(own, npm(measured, name)));
}

function small(measured: Measured, add: Add): void {
  const batch = 'async-128-batch';
  const own = ours(measured, batch);
  add('appendBatch, 128 B, async / RocketMQ', 'at least', 10, ratio(own, theirs(measured, batch, 'rocketmq')));
  add('the same / Chronicle Queue', 'at least', 1, ratio(own, theirs(measured, batch, 'chronicle')));
  const handle = measured.series('peers/async-128-each/millrace-handle', rate);
  const chronicle = theirs(measured, 'async-128-each', 'chronicle');
  add('append through a queue handle, 128 B / Chronicle Queue', 'at least', 1.5, ratio(handle, chronicle));
  const bytes = (name: string): Series => {
    const figure = (each: string): Series => measured.series(`peers/${batch}/${name}`, each);
    return combine((messages, size) => messages * size, figure(rate), figure('diskBytesPerMessage'));
  };
  add('appendBatch, 128 B, bytes to disk / Kafka, 16 KiB batches', 'at least', 1, ratio(bytes('millrace'), bytes('kafka')));
}

function durableOne(measured: Measured, add: Add): void {
  const name = 'durable-1';
  const bare = combine(
    (cycle, trip) => 1e6 / (cycle + trip),
    measured.series('limit/sync-1', 'cycleMeanMicros'),
    measured.series('limit/roundtrip', 'roundTripMeanMicros'),
  );
  const own = ours(measured, name);
  add('durable, 1 in flight / pwrite+fdatasync and a thread round trip', 'at least', 0.95, ratio(own, bare));
  add('the same / the best peer', 'at least', 1.15, ratio(own, anyPeer(measured, name)));
  const slowest = ratio(ours(measured, name, 'p99Micros'), measured.series('limit/sync-1', 'cycleP99Micros'));
  add('its p99 / p99 of pwrite+fdatasync', 'at most', 1.5, slowest);
}

function durableMany(measured: Measured, add: Add): void {
  const name = 'durable-64';
  const own = ours(measured, name);
  const native = measured.series('limit/sync-32', 'recordsPerSecond');
  add('durable, 64 in flight / native loop of 32 records a sync', 'at least', 0.75, ratio(own, native));
  add('the same / the best peer however it batches', 'at least', 1.5, ratio(own, anyPeer(measured, name)));
  const threads = measured.series(`peers/${name}/rocketmq-threads`, rate);
  add('the same / RocketMQ with 64 threads', 'at least', 5, ratio(own, threads));
  const each = ours(measured, 'async-1024-each');
  add('durable, 1 000 in flight / async, one call a message', 'at least', 0.5, ratio(ours(measured, 'durable-1000'), each));
}

function queuesAndKeys(measured: Measured, add: Add): void {
  const each = ours(measured, 'async-1024-each');
  add('1 000 queues / 1 queue', 'at least', 0.9, ratio(ours(measured, 'queues-1000'), each));
  add('with a key each / without', 'at least', 0.75, ratio(ours(measured, 'keyed'), each));
}

function reading(measured: Measured, add: Add): void {
  const own = ours(measured, 'read');
  add('sequential read, 1 KiB, hot / RocketMQ, decoded', 'at least', 1.5, ratio(own, theirs(measured, 'read', 'rocketmq')));
  add('the same / Kafka, every record parsed', 'at least', 1, ratio(own, theirs(measured, 'read', 'kafka')));
  const sendfile = measured.series('limit/sendfile', 'bytesPerSecond');
  const long = measured.series('transfer/transfer-long', 'bytesPerSecond');
  add('transfer of long runs / bare sendfile', 'at least', 0.95, ratio(long, sendfile));
}

function latency(measured: Measured, add: Add): void {
  const half = (figure: string): Series => measured.series('latency/50', figure);
  const bare = (figure: string): Series => measured.series('latency/bare', figure);
  const five = combine((p99) => 5 * p99, bare('p99Micros'));
  add('p99.9 at half of the durable maximum / p99 of fdatasync', 'at most', 5, ratio(half('p999Micros'), bare('p99Micros')));
  // What the device itself held up is not ours: a pause of ours is one that is longer than that too.
  const allowed = combine(Math.max, five, bare('maxMicros'));
  add('its longest / the longer of 5 such p99 and the longest bare one', 'at most', 1, ratio(half('maxMicros'), allowed));
}

function opening(measured: Measured, add: Add): void {
  add('opening after a kill at full speed, ms', 'at most', 50, ours(measured, 'reopen', 'openMillis'));
  const rocketmq = (name: string): Series => measured.best('openMillis', (result) => isOf(result, name, 'rocketmq'), Math.min);
  const bare = ours(measured, 'reopen', 'bareOpenMillis');
  add('RocketMQ / the same without its side-car, in cache', 'at least', 4, ratio(rocketmq('reopen'), bare));
  const clean = measured.series('recovery/queues-10000', 'openMillis');
  add('clean open of 10 000 queues, ms', 'at most', 100, clean);
  add('RocketMQ / the same', 'at least', 5, ratio(rocketmq('open-10000'), clean));
}

function sustained(measured: Measured, add: Add): void {
  const own = (figure: string): Series => measured.series('sustained/async', figure);
  const bulk = measured.best('bytesPerSecond', (result) => result.startsWith('sustained/bulk-'));
  add('sustained async append / the best bulk method', 'at least', 0.8, ratio(own('logBytesPerSecond'), bulk));
  add('event loop delay p99.9 meanwhile, ms', 'at most', 20, own('loopDelayP999Millis'));
  const confined = (figure: string): Series => measured.series('sustained/cgroup', figure);
  const part = ratio(confined('logBytesPerSecond'), own('logBytesPerSecond'));
  add('the same in a memory cgroup of 512 MiB / without', 'at least', 0.5, part);
  add('its longest stall, ms', 'at most', 100, confined('stallMillis'));
}

function memory(measured: Measured, add: Add): void {
  // Of the questions in which peers take part, only what is ours.
  const isOurs = (name: string): boolean =>
    name.startsWith('peers/') ? /\/millrace(?:-|$)/.test(name) : !/^sustained\/(?!async$|cgroup$)/.test(name);
  add('RSS without shared mappings, the most of all, MiB', 'at most', 150, measured.most('memoryMiB', isOurs));
  const grown = ratio(measured.series('sustained/async', 'memoryAtEndMiB'), measured.series('sustained/async', 'memoryAtHalfMiB'));
  add('the same at the end of the sustained run / at half of it', 'at most', 1.1, grown);
}

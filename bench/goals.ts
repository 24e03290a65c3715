/**
 * What the figures should reach, as ratios within one run: the machine's own limits move with the machine, the ratio does not.
 *
 * Each goal is computed round by round from figures of the same round. Bytes are those of the bodies: what a record adds to them is
 * the store's own cost. A figure that was not measured leaves its goal open.
 */
import { combine, type Series, spell, summarize } from './figures.js';
import type { Result } from './harness.js';

export interface Goal {
  readonly title: string;
  readonly target: number;
  readonly reach: 'at least' | 'at most';
  readonly series: Series;
  readonly value: number;
  /** Undefined: not measured. */
  readonly reached: boolean | undefined;
}

export function judge(results: readonly Result[]): Goal[] {
  const of = (name: string, figure: string): Series => results.find((each) => each.name === name)?.figures[figure] ?? [];
  const ratio = (a: Series, b: Series): Series => combine((x, y) => x / y, a, b);
  const goals: Goal[] = [];
  const add = (title: string, series: Series, reach: Goal['reach'], target: number): void => {
    const value = summarize(series).median;
    const reached = series.length === 0 ? undefined : reach === 'at least' ? value >= target : value <= target;
    goals.push({ title, target, reach, series, value, reached });
  };

  const together = combine(
    (checksum, stream) => 1 / (1 / checksum + 1 / stream),
    of('limit/checksum-1024', 'bytesPerSecond'),
    of('limit/stream', 'bytesPerSecond'),
  );
  const body = (way: string): Series => of(`append/${way}-1024-pwrite`, 'bodyBytesPerSecond');
  add(
    'appendBatch of 100, 1 KiB / memcpy+CRC and streaming pwrite together',
    ratio(body('appendBatch'), together),
    'at least',
    0.5,
  );
  add('append, 1 000 in flight, 1 KiB / the same', ratio(body('append'), together), 'at least', 0.4);
  const synchronous = of('append/appendSync-1024-pwrite', 'messagesPerSecond');
  add('appendSync, 1 KiB / bare pwrite of 1 KiB', ratio(synchronous, of('limit/pwrite-1024', 'writesPerSecond')), 'at least', 0.7);

  const bare = combine(
    (cycle, trip) => 1e6 / (cycle + trip),
    of('limit/sync-1', 'cycleMeanMicros'),
    of('limit/roundtrip', 'roundTripMeanMicros'),
  );
  add(
    'durable, 1 in flight / pwrite + fdatasync + thread round trip',
    ratio(of('durable/1', 'messagesPerSecond'), bare),
    'at least',
    0.9,
  );
  add(
    'its p99 / p99 of pwrite + fdatasync',
    ratio(of('durable/1', 'p99Micros'), of('limit/sync-1', 'cycleP99Micros')),
    'at most',
    2,
  );
  const many = ratio(of('durable/64', 'messagesPerSecond'), of('limit/sync-32', 'recordsPerSecond'));
  add('durable, 64 in flight / native loop of 32 records a sync', many, 'at least', 0.6);
  add('durable, 64 in flight: messages a sync', of('durable/64', 'messagesPerSync'), 'at least', 24);

  const hot = ratio(of('read/readSync', 'bodyBytesPerSecond'), of('limit/copy', 'bytesPerSecond'));
  add('readSync, 1 KiB, hot, bodies touched / memcpy', hot, 'at least', 0.15);
  const tagged = of('tags/filter', 'entriesPerSecond');
  const compared = ratio(tagged, of('tags/strings', 'entriesPerSecond'));
  add('tag filter 1 in 1 000 / scan that compares strings', compared, 'at least', 20);
  const alike = ratio(tagged, of('tags/collisions', 'entriesPerSecond'));
  add('the same / the same filter where every hash is alike', alike, 'at least', 20);

  const searches = (messages: number): Series => of(`time/${messages}`, 'searchesPerSecond');
  for (const messages of [1e4, 1e6, 1e7])
    add(`offsetAt among ${spell(messages)} messages, hot, a second`, searches(messages), 'at least', 200_000);

  add('findByKey among 10 000 keys, 1 KiB, hot, a second', of('keys/10000', 'findsPerSecond'), 'at least', 200_000);
  add('findByKey among 1 000 000 keys, 1 KiB, hot, a second', of('keys/1000000', 'findsPerSecond'), 'at least', 200_000);
  add('findByKey among 10 000 000 keys, 64 B, hot, a second', of('keys/10000000', 'findsPerSecond'), 'at least', 200_000);
  const keyed = ratio(of('append/with-key', 'messagesPerSecond'), of('append/without-key', 'messagesPerSecond'));
  add('append with a key / append without', keyed, 'at least', 0.67);

  const rate = (name: string): Series => of(name, 'bytesPerSecond');
  const sendfile = ratio(rate('transfer/long'), rate('limit/sendfile'));
  add('transfer of long runs / bare sendfile over loopback', sendfile, 'at least', 0.9);
  const cost = (name: string): Series => of(name, 'cpuNanosPerKilobyte');
  const saved = ratio(cost('transfer/long'), cost('transfer/longCopy'));
  add('its processor time a byte / that of readRaw and socket.write', saved, 'at most', 0.5);
  const gather = ratio(rate('transfer/scattered'), rate('limit/gather'));
  add('transfer of scattered 1 KiB records / bare writev of such pieces', gather, 'at least', 0.7);
  const copy = ratio(rate('transfer/scattered'), rate('transfer/scatteredCopy'));
  add('the same / readRaw and socket.write of the same records', copy, 'at least', 1.5);

  const way = (name: string): Series => ratio(of(`read/${name}`, 'bodyBytesPerSecond'), of('read/readSync', 'bodyBytesPerSecond'));
  add('subscription, message by message / readSync', way('messages'), 'at least', 0.6);
  add('subscription, batches / readSync', way('batches'), 'at least', 0.9);
  const lag = of('follow/1', 'lagP50Micros');
  add('from the acknowledgement of an append to its subscriber, p50, µs', lag, 'at most', 30);
  add('the same while 1 000 more wait for other queues', of('follow/1000', 'lagP50Micros'), 'at most', 30);

  add('opening after a kill at full speed, ms', of('reopen/killed', 'openMillis'), 'at most', 100);
  const scan = combine((bytes) => bytes / 2 ** 30, of('reopen/killed', 'bareScanBytesPerSecond'));
  add('scan without side-car, in cache, GiB/s', scan, 'at least', 1);

  const memory = results.map(({ figures }) => Math.max(...(figures.memoryMiB ?? [])));
  const most = memory.filter(Number.isFinite);
  add('RSS without shared mappings, the most of all, MiB', most.length === 0 ? [] : [Math.max(...most)], 'at most', 150);
  add('an idle open store: % of a processor', of('idle/open', 'cpuPercent'), 'at most', 0.5);
  add('an idle open store does not keep the process alive', of('idle/open', 'endsByItself'), 'at least', 1);
  return goals;
}

/**
 * Answers to look at: the shape of a full run with every kind of chart, long names, missing peers and wide ranges.
 *
 * The figures are made up and say so on the page (conditions). Nothing here was measured, and nothing is to be learnt from it but
 * whether a page that shows such figures can be read.
 */
import type { Result } from '../../bench/harness.js';
import type { Answers, Chart, Limit, Verdict } from '../../bench/question.js';

type Asked = Answers['questions'][number];

const rounds = 7;

/** A series around a value: the same for the same seed. */
function series(value: number, spread: number, seed: number): number[] {
  return Array.from({ length: rounds }, (_, round) => {
    const turn = Math.sin((round + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return value * (1 + (turn - Math.floor(turn) - 0.5) * spread);
  });
}

const results: Result[] = [];

function add(name: string, title: string, figures: Readonly<Record<string, number>>, spread = 0.12): string {
  const seed = results.length + 1;
  results.push({
    name,
    title,
    figures: Object.fromEntries(Object.entries(figures).map(([figure, value]) => [figure, series(value, spread, seed)])),
  });
  return name;
}

const stream = 'limit/together';
add('limit/copy', 'memcpy out of the caches', { bytesPerSecond: 8.1e9 }, 0.04);
add(stream, 'memcpy+CRC of 1 KiB records and streaming pwrite together', { bytesPerSecond: 1.21e9 }, 0.09);
add('limit/sync-1', 'pwrite of 1 KiB + fdatasync, zeroed file', { cyclesPerSecond: 8450, cycleP99Micros: 212 }, 0.22);
add('limit/sync-32', 'pwrite of 32 x 1 KiB + fdatasync, zeroed file', { recordsPerSecond: 236_000 }, 0.18);

const appended: readonly [name: string, label: string, bytes: number, isOurs: boolean][] = [
  ['flush/batch-pwrite', 'Millrace, appendBatch of 100, pwrite', 9.4e8, true],
  ['flush/batch-mapped', 'Millrace, appendBatch of 100, mapped', 8.1e8, true],
  ['peer/kafka-batch', 'Kafka UnifiedLog, batches of 16 KiB', 4.3e8, false],
  ['peer/chronicle-each', 'Chronicle Queue, one message a call, no checksum', 2.9e8, false],
  ['peer/rocketmq-each', 'RocketMQ store, 2 threads', 1.62e8, false],
  ['peer/lmdb-batch', 'lmdb, a transaction of 1 000 messages', 1.1e8, false],
  ['peer/sqlite-batch', 'better-sqlite3, WAL, synchronous OFF, a transaction of 1 000 messages', 6.4e7, false],
  ['peer/level-batch', 'classic-level, batch of 1 000', 5.2e7, false],
];
for (const [name, label, bytes] of appended) {
  add(name, label, { bodyBytesPerSecond: bytes, messagesPerSecond: bytes / 1024, diskBytesPerMessage: 1160 });
}

const depths = [1, 16, 64, 1000];
const byDepth: readonly [label: string, slug: string, isOurs: boolean, rates: readonly number[]][] = [
  ['Millrace, durable', 'ours', true, [7900, 92_000, 171_000, 390_000]],
  ['Millrace, async', 'async', true, [310_000, 640_000, 720_000, 810_000]],
  ['Artemis journal', 'artemis', false, [6700, 38_000, 79_000, 95_000]],
  ['RocketMQ store, one thread an append in flight', 'rocketmq', false, [5100, 19_000, 31_000, 34_000]],
  ['Kafka UnifiedLog, synced every 64', 'kafka', false, [4900, 21_000, 88_000, 91_000]],
  ['better-sqlite3', 'sqlite', false, [3300, 17_500, 34_500, 38_000]],
];
for (const [label, slug, , rates] of byDepth) {
  rates.forEach((rate, i) => {
    add(`durable/${slug}-${depths[i]}`, `${label}, ${depths[i]} in flight`, { messagesPerSecond: rate }, 0.25);
  });
}

const tails: readonly [label: string, slug: string, isOurs: boolean, micros: readonly number[]][] = [
  ['Millrace, half of its durable maximum', 'half', true, [148, 190, 260, 610, 1400, 2900]],
  ['Millrace, 1 000 messages a second', 'slow', true, [131, 152, 214, 480, 1150, 2100]],
  ['bare pwrite + fdatasync', 'bare', false, [118, 136, 205, 450, 990, 1900]],
];
const percentiles = ['p50Micros', 'p90Micros', 'p99Micros', 'p999Micros', 'p9999Micros', 'maxMicros'];
for (const [label, slug, , micros] of tails) {
  add(`latency/${slug}`, label, Object.fromEntries(micros.map((each, i) => [percentiles[i] ?? '', each])), 0.5);
}

const queues: readonly [queues: number, ours: number, theirs: number][] = [
  [10, 4.1, 61],
  [100, 5.2, 88],
  [1000, 11, 240],
  [10_000, 68, 1490],
];
for (const [count, ours, theirs] of queues) {
  add(`opening/ours-${count}`, `Millrace, ${count} queues`, { openMillis: ours });
  add(`opening/rocketmq-${count}`, `RocketMQ store, ${count} queues`, { openMillis: theirs }, 0.4);
}

const bars = (figure: string, rows: typeof appended): Chart => ({
  kind: 'bars',
  title: 'Async appends of 1 KiB: bytes of bodies a second',
  figure,
  bars: [
    ...rows.map(([result, label, , isOurs]) => ({ label, result, isOurs })),
    { label: 'Artemis journal', result: 'peer/artemis-batch' },
  ],
  limit: { label: 'memcpy+CRC and streaming pwrite together', result: stream, figure: 'bytesPerSecond' },
});

const flushLimit: Limit = { result: stream, figure: 'bytesPerSecond', of: 'bodyBytesPerSecond' };

const questions: Asked[] = [
  {
    name: 'flush',
    title: 'What does each flush mode cost?',
    how: 'Bodies of random bytes are appended to a new store for as long as a round takes, after a warm-up that does not count. A message counts when its append has been acknowledged; what the operating system writes later is outside the figure.',
    charts: [
      bars('bodyBytesPerSecond', appended),
      {
        kind: 'lines',
        title: 'Durable appends of 1 KiB, by messages in flight',
        figure: 'messagesPerSecond',
        x: { label: 'messages in flight', isLogarithmic: true },
        lines: byDepth.map(([label, slug, isOurs]) => ({
          label,
          isOurs,
          points: depths.map((x) => ({ x, result: `durable/${slug}-${x}` })),
        })),
        limit: { label: 'native loop, 32 records a sync', result: 'limit/sync-32', figure: 'recordsPerSecond' },
      },
    ],
    heldAgainst: { 'flush/batch-pwrite': flushLimit, 'flush/batch-mapped': flushLimit },
  },
  {
    name: 'latency',
    title: 'How long does a durable append take at a steady rate?',
    how: 'An open loop offers messages at a fixed rate and counts each from the moment it was due, so that a stall counts against all who waited in it.',
    charts: [
      {
        kind: 'latencies',
        title: 'Durable append of 1 KiB, open loop',
        curves: tails.map(([label, slug, isOurs]) => ({ label, result: `latency/${slug}`, isOurs })),
      },
    ],
    heldAgainst: { 'latency/half': { result: 'limit/sync-1', figure: 'cycleP99Micros', of: 'p99Micros' } },
  },
  {
    name: 'opening',
    title: 'How long does opening take with many queues?',
    how: 'A store that was closed cleanly is opened in a fresh process, its files in the page cache. Timed from the call until the first message can be read.',
    charts: [
      {
        kind: 'lines',
        title: 'Clean open by number of queues',
        figure: 'openMillis',
        x: { label: 'queues', isLogarithmic: true },
        lines: [
          { label: 'Millrace', isOurs: true, points: queues.map(([x]) => ({ x, result: `opening/ours-${x}` })) },
          { label: 'RocketMQ store', points: queues.map(([x]) => ({ x, result: `opening/rocketmq-${x}` })) },
        ],
      },
      {
        kind: 'bars',
        title: 'Clean open of 10 000 queues',
        figure: 'openMillis',
        bars: [
          { label: 'Millrace', result: 'opening/ours-10000', isOurs: true },
          { label: 'RocketMQ store', result: 'opening/rocketmq-10000' },
        ],
      },
    ],
    heldAgainst: {},
  },
  {
    name: 'memory',
    title: 'How much memory does a growing store take?',
    how: 'Not part of this example, so that a question without figures can be seen too.',
    charts: [
      {
        kind: 'bars',
        title: 'Resident memory',
        figure: 'memoryMiB',
        bars: [{ label: 'Millrace', result: 'memory/ours', isOurs: true }],
      },
    ],
    heldAgainst: {},
  },
];

function verdict(title: string, reach: Verdict['reach'], target: number, value: number | undefined): Verdict {
  if (value === undefined) return { title, target, reach, series: [], value: Number.NaN, reached: undefined };
  const reached = reach === 'at least' ? value >= target : value <= target;
  return { title, target, reach, series: series(value, 0.14, target), value, reached };
}

export const exampleAnswers: Answers = {
  conditions: {
    note: 'An example to look at: every figure on this page is made up',
    date: '2026-01-01',
    cpu: 'Example processor 9000, 3.2 GHz',
    cores: '2',
    memory: '24 GiB',
    kernel: 'Linux 6.1.0-example',
    fileSystem: 'ext4 (rw,relatime,errors=remount-ro,data=ordered)',
    deviceFlush: '118 µs (median of 200)',
    noise: 'between the rounds the limits of the machine moved by 4 % (memcpy) to 17 % (pwrite of 32 x 1 KiB + fdatasync)',
    node: 'v20.20.2',
    revision: '0000000',
  },
  scale: 'full',
  rounds,
  questions,
  results,
  verdicts: [
    verdict('async, 1 KiB, appendBatch / RocketMQ’s store, its better of 1 and 2 threads', 'at least', 5, 5.8),
    verdict('async, 1 KiB, appendBatch / Kafka’s log fed 16 KiB batches', 'at least', 2, 2.19),
    verdict('async, 1 KiB, appendBatch / memcpy+CRC and pwrite together', 'at least', 0.75, 0.777),
    verdict('durable, 1 in flight / pwrite + fdatasync + thread round trip', 'at least', 0.95, 0.93),
    verdict('its p99 / p99 of pwrite + fdatasync', 'at most', 1.5, 1.23),
    verdict('durable, 64 in flight / the best peer however it batches', 'at least', 1.5, undefined),
    verdict('opening after a kill at full speed, ms', 'at most', 50, 12.4),
    verdict('findByKey among 1 000 000 keys, hot, a second', 'at least', 200_000, 1_240_000),
  ],
  failures: [{ result: 'opening/rocketmq-100000', reason: 'the process ended with code 1 before it answered' }],
  peers: [
    {
      name: 'rocketmq',
      version: '5.3.2',
      configuration: 'transientStorePool off, flushDiskType ASYNC_FLUSH or SYNC_FLUSH, 1 GiB mapped files, preallocated and warmed',
      isMissing: false,
    },
    {
      name: 'kafka',
      version: '3.9.1',
      configuration: 'UnifiedLog, segment.bytes 1 GiB, no compression, index interval 4 KiB, batches built outside the lock',
      isMissing: false,
    },
    {
      name: 'better-sqlite3',
      version: '12.11.1',
      configuration: 'WAL, synchronous OFF or FULL, one prepared insert',
      isMissing: false,
    },
    { name: 'artemis', version: '', configuration: 'its classes could not be loaded: no Java on this machine', isMissing: true },
  ],
};

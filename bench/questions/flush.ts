/**
 * What does each flush mode cost: modes, ways to write, messages in flight, sizes, queues, keys.
 *
 * Every combination would be 432 probes. Unless all are asked for, cuts go through them around one point: 1 KiB, one queue, no key. One cut
 * goes along the messages in flight; the others (size, queues, keys) stand at 64 in flight, where both async and sync have company.
 */
import { caseProbe } from '../caseprobe.js';
import type { Probe } from '../harness.js';
import { limitsOf } from '../limits.js';
import type { BarChart, Limit, LineChart, Question, Setting } from '../question.js';

const flushes = ['none', 'async', 'sync'] as const;
const writeModes = ['pwrite', 'mapped'] as const;
const depths = [1, 16, 64, 1000];
const sizes = [128, 1024, 16_384];
const queueCounts = [1, 4, 1000];

/** One way to append. */
export interface Combination {
  readonly flush: (typeof flushes)[number];
  readonly writeMode: (typeof writeModes)[number];
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly queues: number;
  readonly hasKeys: boolean;
}

const usual = { inFlight: 64, bodyBytes: 1024, queues: 1, hasKeys: false };

const modes = flushes.flatMap((flush) => writeModes.map((writeMode) => ({ flush, writeMode })));
const written = flushes.map((flush) => ({ flush, writeMode: 'pwrite' as const }));

const product: readonly Combination[] = modes.flatMap((mode) =>
  depths.flatMap((inFlight) =>
    sizes.flatMap((bodyBytes) =>
      queueCounts.flatMap((queues) =>
        [false, true].map((hasKeys): Combination => ({ ...mode, inFlight, bodyBytes, queues, hasKeys })),
      ),
    ),
  ),
);

const cuts: readonly Combination[] = [
  ...modes.flatMap((mode) => depths.map((inFlight) => ({ ...usual, ...mode, inFlight }))),
  ...written.flatMap((mode) => sizes.filter((size) => size !== 1024).map((bodyBytes) => ({ ...usual, ...mode, bodyBytes }))),
  ...written.flatMap((mode) => queueCounts.filter((count) => count !== 1).map((queues) => ({ ...usual, ...mode, queues }))),
  ...written.map((mode) => ({ ...usual, ...mode, hasKeys: true })),
];

const quickCuts: readonly Combination[] = [
  ...written.flatMap((mode) => [1, 64, 1000].map((inFlight) => ({ ...usual, ...mode, inFlight }))),
  { ...usual, flush: 'async', writeMode: 'mapped', inFlight: 1000 },
  { ...usual, flush: 'sync', writeMode: 'mapped', inFlight: 1 },
  { ...usual, flush: 'sync', writeMode: 'mapped', inFlight: 64 },
];

export function combinations({ scale, isExhaustive }: Pick<Setting, 'scale' | 'isExhaustive'>): readonly Combination[] {
  if (isExhaustive) return product;
  return scale === 'quick' ? quickCuts : cuts;
}

/** `flush/sync-pwrite-64-1024-1`, and `-keys` where each message has one. */
export function nameOf({ flush, writeMode, inFlight, bodyBytes, queues, hasKeys }: Combination): string {
  return `flush/${[flush, writeMode, inFlight, bodyBytes, queues].join('-')}${hasKeys ? '-keys' : ''}`;
}

function titleOf({ flush, writeMode, inFlight, bodyBytes, queues, hasKeys }: Combination): string {
  const of = queues === 1 ? '' : `, ${queues} queues`;
  return `flush ${flush}, ${writeMode}, ${inFlight} in flight, ${sizeOf(bodyBytes)}${of}${hasKeys ? ', a key each' : ''}`;
}

function sizeOf(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
}

/** Bytes that reach a file at best; for few synced ones of 1 KiB the native loop that syncs as many together. */
function limitOf({ flush, inFlight, bodyBytes }: Combination): Limit {
  const synced = { figure: 'recordsPerSecond', of: 'messagesPerSecond' };
  if (flush === 'sync' && bodyBytes === 1024 && inFlight === 1) return { result: 'limit/sync-1', ...synced };
  if (flush === 'sync' && bodyBytes === 1024 && inFlight === 64) return { result: 'limit/sync-32', ...synced };
  return { result: 'limit/stream', figure: 'bytesPerSecond', of: 'bodyBytesPerSecond' };
}

/** A process that is new needs its code compiled first, and one that is not little more than its store's first pages. */
function warmMillis({ scale, isExhaustive }: Setting): number {
  if (isExhaustive) return 1000;
  return scale === 'quick' ? 100 : 200;
}

function probe(setting: Setting, combination: Combination): Probe {
  const { hasKeys, ...parameters } = combination;
  const row = {
    name: nameOf(combination),
    title: titleOf(combination),
    job: 'write',
    parameters: { ...parameters, keys: hasKeys ? 1 : 0, warmMillis: warmMillis(setting) },
    isFresh: setting.isExhaustive === true,
  };
  return caseProbe(row, setting.directory, setting.millis);
}

const byDepth: LineChart = {
  kind: 'lines',
  title: 'Throughput by messages in flight, 1 KiB, one queue',
  figure: 'messagesPerSecond',
  x: { label: 'messages in flight', isLogarithmic: true },
  lines: modes.map((mode) => ({
    label: `${mode.flush}, ${mode.writeMode}`,
    isOurs: true,
    points: depths.map((inFlight) => ({ x: inFlight, result: nameOf({ ...usual, ...mode, inFlight }) })),
  })),
};

function bars(title: string, figure: string, shown: readonly (readonly [string, Combination])[]): BarChart {
  const drawn = shown.map(([label, combination]) => ({ label, result: nameOf(combination), isOurs: true }));
  return { kind: 'bars', title, figure, bars: drawn };
}

export const flush: Question = {
  name: 'flush',
  title: 'What does each flush mode cost?',
  how:
    'Each caller appends again when its last append is acknowledged: with none and async when the operating system has it, with sync when it ' +
    'is on the device. none never syncs, async does beside the appends every 500 ms or 16 MiB. A new store each round, opened, warmed and closed ' +
    'outside the clock (with sync one store for all rounds). Async is held against streaming pwrite of 256 KiB, sync of 1 KiB against a native ' +
    'loop of pwrite and fdatasync: with 1 record, and with 32 where 64 are in flight.',
  charts: [
    byDepth,
    {
      ...bars(
        'Bytes by size of the body, 64 in flight',
        'bodyBytesPerSecond',
        modes.flatMap((mode) =>
          sizes.map(
            (bodyBytes) => [`${mode.flush}, ${mode.writeMode}, ${sizeOf(bodyBytes)}`, { ...usual, ...mode, bodyBytes }] as const,
          ),
        ),
      ),
      limit: { label: 'pwrite of 256 KiB', result: 'limit/stream', figure: 'bytesPerSecond' },
    },
    bars(
      'By number of queues, 1 KiB, 64 in flight',
      'messagesPerSecond',
      written.flatMap((mode) =>
        queueCounts.map(
          (queues) => [`${mode.flush}, ${queues} ${queues === 1 ? 'queue' : 'queues'}`, { ...usual, ...mode, queues }] as const,
        ),
      ),
    ),
    bars(
      'With and without a key, 1 KiB, 64 in flight',
      'messagesPerSecond',
      written.flatMap((mode) =>
        [false, true].map(
          (hasKeys) => [`${mode.flush}, ${hasKeys ? 'a key each' : 'no key'}`, { ...usual, ...mode, hasKeys }] as const,
        ),
      ),
    ),
  ],
  heldAgainst: Object.fromEntries(product.map((each) => [nameOf(each), limitOf(each)])),
  probes: async (setting) => [
    ...limitsOf(setting, 'stream', 'sync-1', 'sync-32'),
    ...combinations(setting).map((each) => probe(setting, each)),
  ],
};

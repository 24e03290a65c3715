/** The options of a store: defaults, ranges, typos and contradictions. */
import { expect, test } from 'vitest';
import { localHost } from '../ts/host.js';
import { resolveOptions } from '../ts/options.js';
import type { StoreOptions } from '../ts/types.js';
import { thrownBy } from './failure.js';

/** What a JavaScript program may pass. */
function resolve(options: unknown): unknown {
  return resolveOptions(options as StoreOptions);
}

test('without options every default is filled in, and the result is frozen', () => {
  const resolved = resolveOptions();
  expect(resolved).toEqual({
    flush: 'sync',
    flushIntervalMs: 500,
    maxUnflushedBytes: 16 * 1024 * 1024,
    visibility: 'durable',
    fileBytes: undefined,
    maxMessageBytes: 4 * 1024 * 1024,
    writeMode: 'pwrite',
    entriesPerFile: undefined,
    index: true,
    indexSlots: undefined,
    indexEntries: undefined,
    indexTags: false,
    maxPendingBytes: 64 * 1024 * 1024,
    autoCreateTopics: true,
    defaultQueues: 1,
    storeHost: localHost,
    readOnly: false,
    createIfMissing: true,
    errorIfExists: false,
    verify: 'first',
    onDamage: 'report',
    onRecoveryProgress: undefined,
    signal: undefined,
    onBackgroundError: undefined,
    clock: Date.now,
    logger: undefined,
  });
  expect(Object.isFrozen(resolved)).toBe(true);
  expect(resolveOptions({ flush: undefined, commitLog: undefined, index: undefined, logger: undefined })).toEqual(resolved);
});

test('the index is on, off, or on with settings that a file below 2 GiB holds', () => {
  expect(resolveOptions({ index: true })).toEqual(resolveOptions());
  expect(resolveOptions({ index: false })).toMatchObject({ index: false });
  const settings = { slotsPerFile: 10, entriesPerFile: 20, tags: true };
  expect(resolveOptions({ index: settings })).toMatchObject({ index: true, indexSlots: 10, indexEntries: 20, indexTags: true });
  for (const wrong of [
    'on',
    null,
    { slots: 3 },
    { slotsPerFile: 0 },
    { entriesPerFile: 1 },
    { tags: 1 },
    { entriesPerFile: 100_000_000, slotsPerFile: 100_000_000 },
  ]) {
    expect(thrownBy(() => resolve({ index: wrong }))).toMatchObject({ code: 'INVALID_OPTIONS' });
  }
  expect(thrownBy(() => resolve({ readOnly: true, index: settings }))).toMatchObject({ code: 'INVALID_OPTIONS' });
});

test('defaults follow from the options they depend on', () => {
  expect(resolveOptions({ flush: 'async' })).toMatchObject({ flush: 'async', visibility: 'written' });
  expect(resolveOptions({ flush: { mode: 'async', intervalMs: 20 } })).toMatchObject({ flush: 'async', flushIntervalMs: 20 });
  expect(resolveOptions({ flush: 'async', visibility: 'durable' }).visibility).toBe('durable');
  expect(resolveOptions({ readOnly: true })).toMatchObject({ readOnly: true, createIfMissing: false });
  expect(resolveOptions({ readOnly: true, createIfMissing: false }).createIfMissing).toBe(false);
});

test('what is given is taken', () => {
  const { signal } = new AbortController();
  const clock = (): number => 5;
  const resolved = resolveOptions({
    commitLog: { fileBytes: 65536, maxMessageBytes: 1, writeMode: 'mapped' },
    consumeQueue: { entriesPerFile: 10 },
    storeHost: '[fe80::5]:80',
    signal,
    clock,
    logger: console,
  });
  expect(resolved).toMatchObject({ fileBytes: 65536, maxMessageBytes: 1, writeMode: 'mapped', entriesPerFile: 10, signal, clock });
  expect(resolved.storeHost.port).toBe(80);
});

test.each([
  [{ flsh: 'sync' }, 'flush'],
  [{ readonly: true }, 'readOnly'],
  [{ commitLog: { filebytes: 4096 } }, 'fileBytes'],
  [{ flush: { mode: 'sync', interval: 5 } }, 'intervalMs'],
  [{ consumeQueue: { entriesPerFiles: 5 } }, 'entriesPerFile'],
  [{ compression: { type: 'lz4', minbytes: 5 } }, 'minBytes'],
])('the misspelt option in %j is refused, and %s suggested', (options, meant) => {
  const error = thrownBy(() => resolve(options));
  expect(error.code).toBe('INVALID_OPTIONS');
  expect(error.message).toContain(`Did you mean ${meant}?`);
});

test('an unknown option that is like none is refused with a list', () => {
  expect(thrownBy(() => resolve({ colour: 'red' })).message).toMatch(/There is no option colour\. Known are flush, visibility/);
});

test('an unknown option is refused even when it is undefined', () => {
  expect(thrownBy(() => resolve({ flsh: undefined })).code).toBe('INVALID_OPTIONS');
});

test.each([
  [null, 'options'],
  ['sync', 'options'],
  [[], 'options'],
  [{ flush: 'never' }, 'flush'],
  [{ flush: null }, 'flush'],
  [{ flush: {} }, 'flush'],
  [{ flush: { mode: 'sync', intervalMs: 0 } }, 'flush.intervalMs'],
  [{ flush: { mode: 'sync', intervalMs: 3_600_001 } }, 'flush.intervalMs'],
  [{ flush: { mode: 'async', maxUnflushedBytes: 1.5 } }, 'flush.maxUnflushedBytes'],
  [{ visibility: 'visible' }, 'visibility'],
  [{ commitLog: null }, 'commitLog'],
  [{ commitLog: { fileBytes: 4095 } }, 'commitLog.fileBytes'],
  [{ commitLog: { fileBytes: 5000 } }, 'multiple of 4096, such as 4096'],
  [{ commitLog: { fileBytes: 2 ** 31 } }, 'commitLog.fileBytes'],
  [{ commitLog: { fileBytes: '64k' } }, 'commitLog.fileBytes'],
  [{ commitLog: { maxMessageBytes: 0 } }, 'commitLog.maxMessageBytes'],
  [{ commitLog: { maxMessageBytes: 128 * 1024 * 1024 + 1 } }, 'commitLog.maxMessageBytes'],
  [{ commitLog: { writeMode: 'mmap' } }, "'pwrite', 'mapped'"],
  [{ consumeQueue: { entriesPerFile: 0 } }, 'consumeQueue.entriesPerFile'],
  [{ consumeQueue: { entriesPerFile: 100_000_001 } }, 'consumeQueue.entriesPerFile'],
  [{ compression: true }, 'compression is true'],
  [{ compression: 'zlib' }, 'compression is "zlib". Give one of \'lz4\''],
  [{ compression: null }, 'compression is null'],
  [{ compression: {} }, 'compression has no type'],
  [{ compression: { type: 'gzip' } }, 'compression.type'],
  [{ compression: { type: 'lz4', minBytes: 0 } }, 'compression.minBytes'],
  [{ compression: { type: 'lz4', minBytes: 128 * 1024 * 1024 + 1 } }, 'compression.minBytes'],
  [{ maxPendingBytes: Number.NaN }, 'maxPendingBytes'],
  [{ maxPendingBytes: 10n }, 'maxPendingBytes'],
  [{ autoCreateTopics: 'yes' }, 'autoCreateTopics'],
  [{ defaultQueues: 0 }, 'defaultQueues'],
  [{ storeHost: 'localhost:1' }, 'storeHost'],
  [{ readOnly: 1 }, 'readOnly'],
  [{ createIfMissing: 'x' }, 'createIfMissing'],
  [{ verify: true }, 'verify'],
  [{ onDamage: 'ignore' }, 'onDamage'],
  [{ onRecoveryProgress: {} }, 'onRecoveryProgress'],
  [{ signal: {} }, 'signal'],
  [{ onBackgroundError: 'log' }, 'onBackgroundError'],
  [{ clock: 5 }, 'clock'],
  [{ logger: { info() {} } }, 'logger'],
  [{ logger: null }, 'logger'],
])('%o is refused, and the option named', (options, named) => {
  const error = thrownBy(() => resolve(options));
  expect(error.code).toBe('INVALID_OPTIONS');
  expect(error.message).toContain(named);
  expect(error.message).toMatch(/\.$|\?$/);
});

test.each([
  { readOnly: true, createIfMissing: true },
  { readOnly: true, errorIfExists: true },
  { readOnly: true, flush: 'async' },
  { readOnly: true, autoCreateTopics: true },
  { readOnly: true, commitLog: { writeMode: 'mapped' } },
  { readOnly: true, compression: 'lz4' },
  { createIfMissing: false, errorIfExists: true },
])('%j contradicts itself', (options) => {
  const error = thrownBy(() => resolve(options));
  expect(error.code).toBe('INVALID_OPTIONS');
  expect(error.message).toContain('contradict');
});

test.each(['retention', 'compaction', 'replication'])('%s comes later', (name) => {
  const error = thrownBy(() => resolve({ [name]: false }));
  expect(error.code).toBe('UNSUPPORTED');
  expect(error.message).toContain(name);
});

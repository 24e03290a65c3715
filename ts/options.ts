/**
 * The options of a store, checked once and turned into one flat frozen object with every default filled in.
 *
 * A typo in an option about durability is lost data: names that are not known are INVALID_OPTIONS, and the error says which one was
 * probably meant. So are values out of range and options that contradict each other. What a later version brings is UNSUPPORTED.
 * Only `undefined` counts as absent. What the directory itself has to say (file sizes of an existing store) is checked when it is opened.
 */
import { Compressor, defaultMinBytes } from './compression.js';
import { type StoreError, storeError } from './errors.js';
import { type Host, localHost, parseHost } from './host.js';
import { nearestName } from './nearest.js';
import type { StoreOptions } from './types/options.js';

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;
const largestMessageBytes = 128 * mib;

/** Bytes of a commit-log file of a new store. */
export const defaultFileBytes: number = gib;
/** Entries of a consume-queue file of a new store. */
export const defaultEntriesPerFile = 300_000;
/** Slots and entries of an index file of a new index. */
export const defaultIndexSlots = 5_000_000;
export const defaultIndexEntries = 20_000_000;

export interface ResolvedOptions {
  readonly flush: 'async' | 'sync';
  readonly flushIntervalMs: number;
  readonly maxUnflushedBytes: number;
  readonly visibility: 'written' | 'durable';
  /** Undefined: what the store was made with, for a new one `defaultFileBytes`. */
  readonly fileBytes: number | undefined;
  readonly maxMessageBytes: number;
  readonly writeMode: 'pwrite' | 'mapped';
  /** Undefined: what the store was made with, for a new one `defaultEntriesPerFile`. */
  readonly entriesPerFile: number | undefined;
  /** Undefined: bodies are stored as they are given. */
  readonly compressor: Compressor | undefined;
  readonly index: boolean;
  /** Undefined: what the index was made with, for a new one `defaultIndexSlots`; the same of entries. */
  readonly indexSlots: number | undefined;
  readonly indexEntries: number | undefined;
  readonly indexTags: boolean;
  readonly maxPendingBytes: number;
  readonly autoCreateTopics: boolean;
  readonly defaultQueues: number;
  readonly storeHost: Host;
  readonly readOnly: boolean;
  readonly createIfMissing: boolean;
  readonly errorIfExists: boolean;
  readonly verify: 'always' | 'first' | 'never';
  readonly onDamage: 'report' | 'refuse';
  readonly onRecoveryProgress: StoreOptions['onRecoveryProgress'];
  readonly signal: AbortSignal | undefined;
  readonly onBackgroundError: StoreOptions['onBackgroundError'];
  readonly clock: () => number;
  readonly logger: StoreOptions['logger'];
}

const optionNames: readonly (keyof StoreOptions)[] = [
  'flush',
  'visibility',
  'commitLog',
  'consumeQueue',
  'index',
  'compression',
  'maxPendingBytes',
  'autoCreateTopics',
  'defaultQueues',
  'storeHost',
  'readOnly',
  'createIfMissing',
  'errorIfExists',
  'verify',
  'onDamage',
  'onRecoveryProgress',
  'signal',
  'onBackgroundError',
  'clock',
  'logger',
  'retention',
  'compaction',
  'replication',
];
const laterNames = ['retention', 'compaction', 'replication'] as const;

/** Most queues of one topic. */
export const maxQueues = 65_536;

/** Checks what was given to `open` and fills in the defaults. Throws INVALID_OPTIONS, UNSUPPORTED and, when bodies are to be compressed and cannot be, NATIVE_MISSING. */
export function resolveOptions(options: StoreOptions = {}): ResolvedOptions {
  const given = fieldsOf(options, 'options', optionNames);
  for (const name of laterNames) {
    if (given[name] !== undefined) {
      throw storeError('UNSUPPORTED', `The option ${name} comes with a later version. Leave it out.`);
    }
  }
  const flush = resolveFlush(given.flush);
  const commitLog = fieldsOf(given.commitLog === undefined ? {} : given.commitLog, 'commitLog', [
    'fileBytes',
    'maxMessageBytes',
    'writeMode',
  ]);
  const consumeQueue = fieldsOf(given.consumeQueue === undefined ? {} : given.consumeQueue, 'consumeQueue', ['entriesPerFile']);
  const readOnly = flag(given, 'readOnly') ?? false;
  refuseContradictions(given, commitLog, readOnly);

  return Object.freeze({
    ...flush,
    visibility: choice(given, 'visibility', ['written', 'durable']) ?? (flush.flush === 'sync' ? 'durable' : 'written'),
    fileBytes: fileBytes(commitLog),
    maxMessageBytes: integer(commitLog, 'maxMessageBytes', 1, largestMessageBytes, 'commitLog.') ?? 4 * mib,
    writeMode: choice(commitLog, 'writeMode', ['pwrite', 'mapped'], 'commitLog.') ?? 'pwrite',
    entriesPerFile: integer(consumeQueue, 'entriesPerFile', 1, 100_000_000, 'consumeQueue.'),
    compressor: compressorOf(given.compression),
    ...resolveIndex(given.index),
    maxPendingBytes: integer(given, 'maxPendingBytes', kib, 16 * gib) ?? 64 * mib,
    autoCreateTopics: flag(given, 'autoCreateTopics') ?? true,
    defaultQueues: integer(given, 'defaultQueues', 1, maxQueues) ?? 1,
    storeHost: given.storeHost === undefined ? localHost : parseHost(given.storeHost, 'storeHost', 'INVALID_OPTIONS'),
    readOnly,
    createIfMissing: flag(given, 'createIfMissing') ?? !readOnly,
    errorIfExists: flag(given, 'errorIfExists') ?? false,
    verify: choice(given, 'verify', ['always', 'first', 'never']) ?? 'first',
    onDamage: choice(given, 'onDamage', ['report', 'refuse']) ?? 'report',
    onRecoveryProgress: callable(given, 'onRecoveryProgress') as StoreOptions['onRecoveryProgress'],
    signal: signalOf(given.signal),
    onBackgroundError: callable(given, 'onBackgroundError') as StoreOptions['onBackgroundError'],
    clock: (callable(given, 'clock') as (() => number) | undefined) ?? Date.now,
    logger: loggerOf(given.logger),
  });
}

type Fields = Readonly<Record<string, unknown>>;

function invalid(message: string): StoreError {
  return storeError('INVALID_OPTIONS', message);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'an array' : 'an object') : String(value);
}

/** The fields of an object, none of them unknown. */
function fieldsOf(value: unknown, where: string, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${where} is ${show(value)}, not an object. Its fields are ${names.join(', ')}.`);
  }
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue;
    const path = where === 'options' ? name : `${where}.${name}`;
    const meant = nearestName(name, names);
    throw invalid(
      `There is no option ${path}. ${meant === undefined ? `Known are ${names.join(', ')}.` : `Did you mean ${meant}?`}`,
    );
  }
  return value as Fields;
}

function integer(fields: Fields, name: string, min: number, max: number, prefix = ''): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(`${prefix}${name} is ${show(value)}. Give a whole number from ${min} to ${max}.`);
}

function flag(fields: Fields, name: string, prefix = ''): boolean | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${prefix}${name} is ${show(value)}. Give true or false.`);
}

function choice<T extends string>(fields: Fields, name: string, values: readonly T[], prefix = ''): T | undefined {
  const value = fields[name];
  if (value === undefined || values.includes(value as T)) return value as T | undefined;
  throw invalid(`${prefix}${name} is ${show(value)}. Give one of ${values.map((each) => `'${each}'`).join(', ')}.`);
}

function callable(fields: Fields, name: string): unknown {
  const value = fields[name];
  if (value === undefined || typeof value === 'function') return value;
  throw invalid(`${name} is ${show(value)}. Give a function.`);
}

function resolveFlush(value: unknown): Pick<ResolvedOptions, 'flush' | 'flushIntervalMs' | 'maxUnflushedBytes'> {
  const isObject = typeof value === 'object' && value !== null;
  const fields = isObject ? fieldsOf(value, 'flush', ['mode', 'intervalMs', 'maxUnflushedBytes']) : { flush: value };
  const flush = isObject
    ? choice(fields, 'mode', ['async', 'sync'], 'flush.')
    : (choice(fields, 'flush', ['async', 'sync']) ?? 'sync');
  if (flush === undefined) throw invalid("flush has no mode. Give { mode: 'sync', … } or { mode: 'async', … }.");
  return {
    flush,
    flushIntervalMs: integer(fields, 'intervalMs', 1, 3_600_000, 'flush.') ?? 500,
    maxUnflushedBytes: integer(fields, 'maxUnflushedBytes', 4 * kib, 1024 * gib, 'flush.') ?? 16 * mib,
  };
}

/** The engine and RocketMQ map an index file whole, with a size that is an int32. */
function resolveIndex(value: unknown): Pick<ResolvedOptions, 'index' | 'indexSlots' | 'indexEntries' | 'indexTags'> {
  const fields =
    typeof value === 'boolean' || value === undefined ? {} : fieldsOf(value, 'index', ['slotsPerFile', 'entriesPerFile', 'tags']);
  const indexSlots = integer(fields, 'slotsPerFile', 1, 100_000_000, 'index.');
  const indexEntries = integer(fields, 'entriesPerFile', 2, 100_000_000, 'index.');
  const bytes = 40 + 4 * (indexSlots ?? defaultIndexSlots) + 20 * (indexEntries ?? defaultIndexEntries);
  if (bytes >= 2 * gib) {
    throw invalid(`An index file of these slots and entries has ${bytes} bytes. Give fewer: it has to stay below 2 GiB.`);
  }
  return { index: value !== false, indexSlots, indexEntries, indexTags: flag(fields, 'tags', 'index.') ?? false };
}

/** A page is the least that can be mapped and reserved; file sizes are an int32 in the format. */
function fileBytes(commitLog: Fields): number | undefined {
  const bytes = integer(commitLog, 'fileBytes', 4 * kib, 2 * gib - 1, 'commitLog.');
  if (bytes !== undefined && bytes % (4 * kib) !== 0) {
    throw invalid(
      `commitLog.fileBytes is ${bytes}. Give a multiple of 4096, such as ${Math.max(1, Math.round(bytes / 4096)) * 4096}.`,
    );
  }
  return bytes;
}

function compressorOf(value: unknown): Compressor | undefined {
  if (value === undefined) return undefined;
  const isObject = typeof value === 'object' && value !== null;
  const fields = isObject ? fieldsOf(value, 'compression', ['type', 'minBytes']) : { compression: value };
  const type = isObject ? choice(fields, 'type', ['lz4'], 'compression.') : choice(fields, 'compression', ['lz4']);
  if (type === undefined) throw invalid("compression has no type. Give 'lz4' or { type: 'lz4', … }.");
  return new Compressor(integer(fields, 'minBytes', 1, largestMessageBytes, 'compression.') ?? defaultMinBytes);
}

function refuseContradictions(given: Fields, commitLog: Fields, readOnly: boolean): void {
  if (readOnly) {
    const writing = [
      ['flush', given.flush !== undefined],
      ['commitLog.writeMode', commitLog.writeMode !== undefined],
      ['compression', given.compression !== undefined],
      ['settings of the index', typeof given.index === 'object'],
      ['createIfMissing', flag(given, 'createIfMissing') === true],
      ['errorIfExists', flag(given, 'errorIfExists') === true],
      ['autoCreateTopics', flag(given, 'autoCreateTopics') === true],
    ] as const;
    for (const [name, isSet] of writing) {
      if (isSet) throw invalid(`readOnly and ${name} contradict each other: one looks, the other writes. Leave one of them out.`);
    }
  }
  if (flag(given, 'createIfMissing') === false && flag(given, 'errorIfExists') === true) {
    throw invalid(
      'createIfMissing: false and errorIfExists: true contradict each other: no directory satisfies both. Leave one of them out.',
    );
  }
}

function signalOf(value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw invalid(`signal is ${show(value)}. Give the signal of an AbortController.`);
}

function loggerOf(value: unknown): StoreOptions['logger'] {
  if (value === undefined) return undefined;
  for (const name of ['debug', 'info', 'warn', 'error']) {
    if (typeof value !== 'object' || value === null || typeof (value as Fields)[name] !== 'function') {
      throw invalid(`logger is ${show(value)} without a method ${name}. Give something like console: debug, info, warn and error.`);
    }
  }
  return value as StoreOptions['logger'];
}

/**
 * The cases in which this store and its peers are compared: for each what a peer is ordered and what our own case is given, so that both do the
 * same. Plain data; questions/peers.ts makes probes of it.
 */
import type { AppendOrder } from './peers/peer.js';
import type { Limit } from './question.js';

const KiB = 1024;
const MiB = 2 ** 20;

export interface AppendCase {
  readonly name: string;
  readonly title: string;
  readonly order: Pick<
    AppendOrder,
    'durability' | 'way' | 'batchSize' | 'bodyBytes' | 'queues' | 'inFlight' | 'hasKeys' | 'threads'
  >;
  readonly limit: Limit;
  /** All peers, also variants of others. */
  readonly isMain?: boolean;
  readonly isQuick?: boolean;
  /** Ours has another way to do it: its parameter, and what a reader sees. */
  readonly also?: readonly [way: string, title: string];
}

const usual = {
  durability: 'async',
  way: 'each',
  batchSize: 100,
  bodyBytes: KiB,
  queues: 1,
  inFlight: 1000,
  hasKeys: false,
} as const;
const durable = { ...usual, durability: 'sync', batchSize: 1 } as const;
const stream: Limit = { result: 'limit/stream', figure: 'bytesPerSecond', of: 'bodyBytesPerSecond' };
const synced = (records: number): Limit => ({
  result: `limit/sync-${records}`,
  figure: 'recordsPerSecond',
  of: 'messagesPerSecond',
});

export const appendCases: readonly AppendCase[] = [
  {
    name: 'async-1024-batch',
    title: '1 KiB, async, batches',
    order: { ...usual, way: 'batch' },
    limit: stream,
    isMain: true,
    isQuick: true,
  },
  { name: 'async-1024-each', title: '1 KiB, async, one call a message', order: usual, limit: stream, isMain: true },
  { name: 'async-128-batch', title: '128 B, async, batches', order: { ...usual, way: 'batch', bodyBytes: 128 }, limit: stream },
  {
    name: 'async-128-each',
    title: '128 B, async, one call a message',
    order: { ...usual, bodyBytes: 128 },
    limit: stream,
    also: ['handle', "through a queue's handle"],
  },
  { name: 'durable-1', title: '1 KiB, durable, 1 in flight', order: { ...durable, inFlight: 1 }, limit: synced(1) },
  {
    name: 'durable-64',
    title: '1 KiB, durable, 64 in flight',
    order: { ...durable, inFlight: 64 },
    limit: synced(32),
    isMain: true,
    isQuick: true,
  },
  { name: 'durable-1000', title: '1 KiB, durable, 1 000 in flight', order: durable, limit: stream },
  { name: 'queues-1000', title: '1 KiB, async, 1 000 queues', order: { ...usual, queues: 1000 }, limit: stream },
  { name: 'keyed', title: '1 KiB, async, a key each', order: { ...usual, hasKeys: true }, limit: stream },
];

/** The same in the peer's batches: another name of the peer, for whoever cannot join durable appends by itself. */
export const durableBatches = { of: 'durable-64', order: { ...durable, way: 'batch', batchSize: 64, inFlight: 64 } } as const;

/** The same by 64 threads that each wait for their own: how a broker of RocketMQ's kind is used, and what a target speaks of. */
export const durableThreads = { of: 'durable-64', peer: 'rocketmq', order: { ...durable, inFlight: 64, threads: 64 } } as const;

/** Peers that are another's variants: they take part in the main cases of a full run only, or it would take much longer. */
export const variants: readonly string[] = ['lmdb-nosync', 'fs-stream', 'artemisaio'];

/**
 * Unmeasured before, and the most in a round. A durable append takes long: little warms it. Ours warms itself (cases/writeplan.ts).
 */
export function bytesOf({ durability, bodyBytes, inFlight }: AppendCase['order']): { warmBytes: number; mostBytes: number } {
  const mostBytes = 256 * MiB;
  if (durability === 'sync') return { warmBytes: inFlight === 1 ? MiB : 4 * MiB, mostBytes };
  return { warmBytes: bodyBytes < KiB ? 4 * MiB : 16 * MiB, mostBytes };
}

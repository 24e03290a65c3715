/** The store's probes of the quick run: which cases run, with which parameters (caseprobe.ts). */
import { join } from 'node:path';
import { caseProbe } from './caseprobe.js';
import { Child } from './child.js';
import type { Probe } from './harness.js';

type Row = readonly [name: string, title: string, job: string, parameters: Record<string, number | string>];

const sizes: readonly [number, string][] = [
  [1024, '1 KiB'],
  [128, '128 B'],
];

const ways: readonly [string, string][] = [
  ['append', 'append, 1 000 in flight'],
  ['appendBatch', 'appendBatch of 100'],
  ['appendSync', 'appendSync'],
];

const appendRows: readonly Row[] = (['pwrite', 'mapped'] as const).flatMap((writeMode) =>
  sizes.flatMap(([bodyBytes, size]) =>
    ways.map(
      ([way, title]): Row => [
        `append/${way}-${bodyBytes}-${writeMode}`,
        `${size}, ${title}, ${writeMode}`,
        'append',
        { way, bodyBytes, writeMode },
      ],
    ),
  ),
);

const keyed = { way: 'append', bodyBytes: 1024, writeMode: 'pwrite' };
const longRows: ReadonlySet<string> = new Set(['keys/10000000']);

const rows: readonly Row[] = [
  ...appendRows,
  ['durable/1', '1 KiB, durable, 1 in flight', 'durable', { inFlight: 1, bodyBytes: 1024 }],
  ['durable/64', '1 KiB, durable, 64 in flight', 'durable', { inFlight: 64, bodyBytes: 1024 }],
  ['read/readSync', '1 KiB, readSync, hot, bodies touched', 'read', { way: 'readSync', bodyBytes: 1024 }],
  ['read/read', '1 KiB, read, hot, bodies touched', 'read', { way: 'read', bodyBytes: 1024 }],
  ['tags/filter', '1 KiB, 1 in 1 000 has the tag', 'tags', { way: 'filter' }],
  ['tags/collisions', 'the same, all tags share its hash', 'tags', { way: 'collisions' }],
  ['tags/strings', 'the same, everything read and compared', 'tags', { way: 'strings' }],
  ['time/10000', 'offsetAt among 10 000 messages, hot', 'timeSearch', { messages: 1e4, bodyBytes: 64 }],
  ['time/1000000', 'offsetAt among 1 000 000 messages, hot', 'timeSearch', { messages: 1e6, bodyBytes: 64 }],
  ['time/10000000', 'offsetAt among 10 000 000 messages of 1 B, hot', 'timeSearch', { messages: 1e7, bodyBytes: 1 }],
  ['keys/10000', 'findByKey among 10 000 keys, 1 KiB, hot', 'keys', { messages: 10_000, bodyBytes: 1024 }],
  ['keys/1000000', 'findByKey among 1 000 000 keys, 1 KiB, hot', 'keys', { messages: 1_000_000, bodyBytes: 1024 }],
  ['keys/10000000', 'findByKey among 10 000 000 keys, 64 B, hot', 'keys', { messages: 10_000_000, bodyBytes: 64 }],
  ['append/without-key', '1 KiB, append, 1 000 in flight, no key', 'append', { ...keyed, key: 'none' }],
  ['append/with-key', 'the same, each with a key of its own', 'append', { ...keyed, key: 'own' }],
  ['transfer/long', '1 KiB records side by side, transfer', 'transfer', { way: 'transfer', queues: 1 }],
  ['transfer/longCopy', 'the same, readRaw and socket.write', 'transfer', { way: 'copy', queues: 1 }],
  ['transfer/scattered', '1 KiB records with others between, transfer', 'transfer', { way: 'transfer', queues: 2 }],
  ['transfer/scatteredCopy', 'the same, readRaw and socket.write', 'transfer', { way: 'copy', queues: 2 }],
  ['transfer/short', 'a header and one record of 1 KiB a transfer', 'transfer', { way: 'short', queues: 1 }],
  ['read/messages', '1 KiB, subscription, message by message', 'read', { way: 'messages', bodyBytes: 1024 }],
  ['read/batches', '1 KiB, subscription, batches', 'read', { way: 'batches', bodyBytes: 1024 }],
  ['follow/1', '1 KiB, durable append to a waiting subscription', 'follow', { bodyBytes: 1024, subscriptions: 1 }],
  ['follow/1000', 'the same, 1 000 more wait for other queues', 'follow', { bodyBytes: 1024, subscriptions: 1001 }],
];

/** `port`: of a receiver, for those who send. */
export function storeProbes(directory: string, millis: number, port: number): Probe[] {
  return rows.map(([name, title, job, parameters]) =>
    caseProbe({ name, title, job, parameters: { port, ...parameters }, isLong: longRows.has(name) }, directory, millis),
  );
}

/** Once: it takes seconds in which nothing may happen. `endsByItself` is 1 when the open store did not keep its process alive. */
export function idleProbe(directory: string): Probe {
  return {
    name: 'idle/open',
    title: 'an open store that nobody uses',
    rounds: 1,
    run: async () => {
      const child = new Child({ name: 'idle', directory: join(directory, 'idle'), millis: 0, parameters: {} });
      try {
        const sample = await child.round();
        return { ...sample, endsByItself: (await child.leave(2000)) ? 1 : 0 };
      } finally {
        await child.kill();
      }
    },
    close: async () => {},
  };
}

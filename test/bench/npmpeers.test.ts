/**
 * The npm peers as they are: every order on the real packages, and whether what they call durable was synced. Needs `npm ci --prefix bench`
 * and `tsc -p bench/tsconfig.all.json`; the count of syncs needs strace.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AppendOrder } from '../../bench/peers/peer.js';
import { type Peer, peerProbe, reopenPeerProbe, startPeers } from '../../bench/peers/process.js';
import { npmPrograms } from '../../bench/peers/programs.js';
import type { PeerNote } from '../../bench/question.js';
import { storeFolder } from '../storefolder.js';

const programs = npmPrograms(process.cwd());
const names = programs.map(({ name }) => name);
const stores = ['lmdb', 'lmdb-nosync', 'better-sqlite3', 'classic-level'];

function append(some: Partial<AppendOrder>): AppendOrder {
  return {
    order: 'append',
    directory: join(storeFolder(), 'append'),
    durability: 'async',
    way: 'each',
    batchSize: 10,
    bodyBytes: 1024,
    queues: 1,
    inFlight: 100,
    hasKeys: false,
    millis: 20_000,
    warmBytes: 100 * 1024,
    mostBytes: 2000 * 1024,
    ...some,
  };
}

async function start(name: string, prefix: readonly string[] = []): Promise<{ peer: Peer; note: PeerNote }> {
  const found = programs.filter((program) => program.name === name).map(({ command }) => command);
  const command = 'missing' in (found[0] ?? []) ? found[0] : [...prefix, ...(found[0] as string[])];
  const { peers, notes } = await startPeers([{ name, command: command as string[] }]);
  const note = notes[0] as PeerNote;
  if (peers[0] === undefined) throw new Error(`${name}: ${note.configuration}`);
  return { peer: peers[0], note };
}

test.each(names)('%s appends as it is asked to, says what it cannot do, and has what it acknowledged', async (name) => {
  const { peer, note } = await start(name);
  const able: string[] = [];
  for (const durability of ['async', 'sync'] as const) {
    for (const way of ['each', 'batch'] as const) {
      for (const [what, some] of Object.entries({ plain: {}, queues: { queues: 7 }, keys: { hasKeys: true } })) {
        const mostBytes = durability === 'sync' ? 200 * 1024 : 2000 * 1024;
        const sample = await peerProbe(
          peer,
          `${durability}/${way}/${what}`,
          '',
          append({ durability, way, mostBytes, ...some }),
        ).run();
        if (sample.messagesPerSecond !== undefined) able.push(`${durability}/${way}/${what}`);
        if (name !== 'fs') expect(sample.diskBytesPerMessage ?? 1025).toBeGreaterThan(1024);
      }
    }
  }
  await peer.close();
  expect(note.configuration).not.toContain('left out');
  const isStore = stores.includes(name);
  const hasSync = name !== 'lmdb-nosync' && name !== 'fs-stream';
  expect(able).toHaveLength((isStore ? 6 : 2) * (hasSync ? 2 : 1));
});

test.each(names)('%s reads what it was filled with, and finds it after its process was killed', async (name) => {
  const { peer, note } = await start(name);
  const directory = storeFolder();
  const read = peerProbe(peer, 'read', '', { order: 'read', directory, bodyBytes: 1024, bytes: 2 ** 21, millis: 50 });
  expect((await read.run()).messagesPerSecond).toBeGreaterThan(100);
  const order = { order: 'fill', directory: storeFolder(), bodyBytes: 1024, bytes: 2 ** 21, queues: 1 } as const;
  expect(await reopenPeerProbe(peer, 'reopen', '', order).run()).toMatchObject({ messages: 2048, bodyBytes: 2 ** 21 });
  expect(await reopenPeerProbe(peer, 'open', '', order, 'closed').run()).toMatchObject({ messages: 2048 });
  await read.close();
  expect(note.configuration).not.toContain('left out');
  expect(existsSync(directory)).toBe(false);
});

const canTrace = spawnSync('strace', ['-V']).status === 0;
const durable = ['lmdb', 'better-sqlite3', 'classic-level', 'fs'];

test.skipIf(!canTrace).each(durable)('what %s acknowledges as durable was synced, one by one and in groups', async (name) => {
  for (const [way, inFlight, messages] of [
    ['each', 1, 40],
    ['each', 64, 640],
    ['batch', 64, 640],
  ] as const) {
    const counts = join(storeFolder(), '..', 'counts');
    const trace = ['strace', '-f', '-c', '-e', 'trace=fsync,fdatasync,msync', '-o', counts];
    const { peer, note } = await start(name, trace);
    const mostBytes = messages * 1024;
    const order = append({ durability: 'sync', way, inFlight, batchSize: inFlight, warmBytes: 0, mostBytes });
    await peerProbe(peer, 'sync', '', order).run();
    await peer.close();
    expect(note.configuration).not.toContain('sync: ended');
    const lines = [...readFileSync(counts, 'utf8').matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) .*\b(?:fsync|fdatasync|msync)$/gm)];
    const syncs = lines.reduce((sum, [, calls]) => sum + Number(calls), 0);
    expect(syncs).toBeGreaterThanOrEqual(messages / inFlight);
  }
});

test('peers that were found and never asked end with the process that found them', () => {
  const script = `
    const { findPeers } = await import('./bench/build/peers/process.js');
    const { notes } = await findPeers(process.cwd());
    console.log(notes.filter(({ isMissing }) => !isMissing).map(({ name }) => name).join());`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout.trim().split(',')).toEqual(expect.arrayContaining(names));
});

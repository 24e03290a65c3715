/** The parent's side of the benchmark's peers: what becomes of those that answer, cannot, fail, die or are not there. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Channel } from '../bench/peers/channel.js';
import type { AppendOrder } from '../bench/peers/peer.js';
import { type Peer, peerProbe, reopenPeerProbe, startPeers } from '../bench/peers/process.js';
import { javaPrograms, npmPrograms } from '../bench/peers/programs.js';
import type { PeerNote } from '../bench/question.js';
import { storeFolder } from './storefolder.js';

const fake = [process.execPath, fileURLToPath(new URL('./fakepeer.mjs', import.meta.url))];

function append(directory: string): AppendOrder {
  return {
    order: 'append',
    directory,
    durability: 'async',
    way: 'each',
    batchSize: 1,
    bodyBytes: 100,
    queues: 1,
    inFlight: 1,
    hasKeys: false,
    millis: 1,
    warmBytes: 0,
    mostBytes: 100,
  };
}

async function startFake(): Promise<{ peer: Peer; note: PeerNote }> {
  const { peers, notes } = await startPeers([{ name: 'fake', command: fake }]);
  return { peer: peers[0] as Peer, note: notes[0] as PeerNote };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a peer that says hello takes part; one that does not is named with the reason', async () => {
  const { peers, notes } = await startPeers([
    { name: 'there', command: fake },
    { name: 'mute', command: [...fake, 'mute'] },
    { name: 'nowhere', command: ['/no/such/program'] },
    { name: 'absent', command: { missing: 'not installed' } },
  ]);
  expect(peers.map(({ name }) => name)).toEqual(['there']);
  expect(notes[0]).toEqual({ name: 'there', version: '1.2.3', configuration: 'as it is', isMissing: false });
  expect(notes.slice(1).map(({ name, isMissing }) => [name, isMissing])).toEqual([
    ['mute', true],
    ['nowhere', true],
    ['absent', true],
  ]);
  expect(notes[1]?.configuration).toBe('ended with code 1: no such package');
  expect(notes[2]?.configuration).toContain('could not be started');
  expect(notes[3]?.configuration).toBe('not installed');
  await peers[0]?.close();
});

test('an order is answered with figures, and with the memory of the process where the system tells it', async () => {
  const { peer } = await startFake();
  const probe = peerProbe(peer, 'peers/fake', 'a fake', append('x'));
  const sample = await probe.run();
  expect(sample.messagesPerSecond).toBe(1000);
  if (process.platform === 'linux') expect(sample.memoryMiB).toBeGreaterThan(1);
  await probe.close();
});

test('what a peer cannot do gives no figures, and one remark in its note', async () => {
  const { peer, note } = await startFake();
  const probe = peerProbe(peer, 'peers/sync', 'a fake', append('unsupported'));
  expect([await probe.run(), await probe.run()]).toEqual([{}, {}]);
  expect(note.configuration).toBe('as it is; peers/sync: it cannot');
  expect(JSON.parse(JSON.stringify(note)).configuration).toBe(note.configuration);
  expect(await peerProbe(peer, 'peers/async', 'a fake', append('x')).run()).toMatchObject({ messagesPerSecond: 1000 });
  await probe.close();
});

test.each([
  ['error', 'it broke'],
  ['die', 'ended with code 3: its last words'],
  ['nonsense', 'no sample'],
])('a peer that meets "%s" is left out from then on, with its reason', async (what, reason) => {
  const { peer, note } = await startFake();
  expect(await peerProbe(peer, 'peers/one', 'a fake', append(what)).run()).toEqual({});
  const other = peerProbe(peer, 'peers/two', 'a fake', append('x'));
  expect(await other.run()).toEqual({});
  expect(note.configuration).toContain('left out: peers/one: ');
  expect(note.configuration).toContain(reason);
  await other.close();
});

test('an order that takes too long ends the process, and says how long it was given', async () => {
  const channel = new Channel(fake);
  await channel.hello(10_000);
  await expect(channel.ask(append('hang'), 50)).rejects.toThrow('took longer than 0.05 s');
  await channel.kill();
  expect(isAlive(channel.pid)).toBe(false);
});

test('a process is gone when all that shared it have closed it, or have killed it', async () => {
  const closed = new Channel(fake);
  await closed.hello(10_000);
  await closed.close(10_000);
  const killed = new Channel(fake);
  await killed.hello(10_000);
  await killed.kill();
  expect([closed.pid, killed.pid].map(isAlive)).toEqual([false, false]);
  const { peer } = await startFake();
  const probes = ['a', 'b'].map((name) => peerProbe(peer, name, 'a fake', append('x')));
  await Promise.all(probes.map((probe) => probe.close()));
});

test.each(['killed', 'closed'] as const)('a store whose filler was %s is opened by a fresh process', async (end) => {
  const { peer, note } = await startFake();
  const fill = { order: 'fill', directory: join(storeFolder(), 'filled'), bodyBytes: 10, bytes: 1000, queues: 1 } as const;
  const probe = reopenPeerProbe(peer, 'reopen/fake', 'a fake', fill, end);
  expect(await probe.run()).toMatchObject({ openMillis: 1, fillerIsAlive: 0, isFresh: 1, bodyBytes: 1000 });
  expect(note.configuration).toBe('as it is');
  await probe.close();
});

test('packages that are not installed, and a missing Java side, are named with what to do about it', async () => {
  const root = storeFolder();
  const programs = [...npmPrograms(root), ...(await javaPrograms(root, join(root, 'java.js')))];
  expect(programs.map(({ name }) => name)).toEqual([
    ...['lmdb', 'lmdb-nosync', 'better-sqlite3', 'classic-level', 'fs', 'fs-stream'],
    'java',
  ]);
  const { peers, notes } = await startPeers(programs);
  expect(peers).toEqual([]);
  expect(notes.every(({ isMissing }) => isMissing)).toBe(true);
  expect(notes[0]?.configuration).toContain('npm ci --prefix bench');
});

/** The question of reading from the disk: what of reading.ts costs time where no page of the store is in memory. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Probe } from '../harness.js';
import type { Limits } from '../limits.js';
import type { Limit, Question } from '../question.js';
import { type Row, storeProbes } from './storeprobe.js';
import { yardsticks } from './yardsticks.js';

const inOrder: readonly Row[] = [
  { name: 'read', title: 'read', job: 'read', parameters: { way: 'read', bodyBytes: 1024, once: 1 }, isQuick: true },
  { name: 'readSync', title: 'readSync', job: 'read', parameters: { way: 'readSync', bodyBytes: 1024, once: 1 } },
  { name: 'batches', title: 'subscription, batches', job: 'read', parameters: { way: 'batches', bodyBytes: 1024, once: 1 } },
];

const atRandom: readonly Row[] = [
  { name: 'offset', title: 'one by its offset', job: 'anywhere', parameters: { way: 'offset', once: 1 }, isQuick: true },
  { name: 'key', title: 'one by its key', job: 'anywhere', parameters: { way: 'key', once: 1 } },
  { name: 'time', title: 'one by its store time', job: 'anywhere', parameters: { way: 'time', once: 1 } },
];

const byTag: readonly Row[] = [
  { name: 'tag', title: 'one in 100 has the tag, filtered', job: 'tags', parameters: { way: 'filter', every: 100, once: 1 } },
];

const rows = [...inOrder, ...atRandom, ...byTag];
const bars = (of: readonly Row[]): { label: string; result: string; isOurs: true }[] =>
  of.map(({ name, title }) => ({ label: title, result: `cold/${name}`, isOurs: true }));
const stream: Limit = { result: 'limit/coldread', figure: 'bytesPerSecond', of: 'bodyBytesPerSecond' };
const anywhere: Limit = { result: 'limit/coldread-random', figure: 'readsPerSecond', of: 'readsPerSecond' };

/** More than what a store maps of its own, and never much of what it was filled with. */
const mostResident = 8 * 2 ** 20;

/** Drops every page of the files under `cold`; rejects where they stay. */
async function evict(limits: Limits): Promise<void> {
  const { residentBytes = 0 } = await limits.run('evict');
  if (residentBytes > mostResident) throw new Error(`${residentBytes} bytes stay in memory: nothing that is read is cold`);
}

/** Whether files under `directory` can be dropped from memory at all; those of a tmpfs live there. */
export async function canEvict(limits: Limits, directory: string): Promise<boolean> {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'tried');
  writeFileSync(file, Buffer.alloc(2 * mostResident, 'cold'));
  try {
    await evict(limits);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(file);
  }
}

/** The same with nothing of its store in memory when a round begins. */
function evicted(limits: Limits, probe: Probe): Probe {
  let isFilled = false;
  return {
    ...probe,
    title: `cold: ${probe.title}`,
    run: async () => {
      // The first round fills the store, and is as hot as what was just written.
      if (!isFilled) await probe.run();
      isFilled = true;
      await evict(limits);
      return probe.run();
    },
  };
}

export const cold: Question = {
  name: 'cold',
  title: 'How fast are messages read that are only on the disk?',
  how:
    'The same stores as for reading from memory. Before each round every page of their files is dropped from the page cache ' +
    '(fsync and POSIX_FADV_DONTNEED file by file, which needs no rights; that they are gone is verified with mincore), and a ' +
    'round in order ends at the last message, so that nothing is read twice. Inodes and what the device or its host caches ' +
    'stay. The limits read a file past the page cache (O_DIRECT): 1 MiB a read and four at once, and one of 4 KiB at a time ' +
    'from anywhere. A disk with a cache of its own is faster than its medium in both.',
  charts: [
    {
      kind: 'bars',
      title: 'In order, cold, 1 KiB, bodies touched',
      figure: 'bodyBytesPerSecond',
      bars: bars(inOrder),
      limit: { label: 'O_DIRECT, 4 × 1 MiB', result: 'limit/coldread', figure: 'bytesPerSecond' },
    },
    {
      kind: 'bars',
      title: 'One at a time from random places, cold',
      figure: 'readsPerSecond',
      bars: bars(atRandom),
      limit: { label: 'O_DIRECT, 4 KiB', result: 'limit/coldread-random', figure: 'readsPerSecond' },
    },
    { kind: 'bars', title: 'By tag, cold, entries gone over', figure: 'entriesPerSecond', bars: bars(byTag) },
  ],
  heldAgainst: Object.fromEntries([
    ...inOrder.map(({ name }) => [`cold/${name}`, stream]),
    ...atRandom.map(({ name }) => [`cold/${name}`, anywhere]),
  ]),
  probes: async (setting) => {
    const directory = join(setting.directory, 'cold');
    if (!(await canEvict(setting.limits, directory))) {
      process.stderr.write(`left out: cold, because the files of ${setting.directory} cannot be dropped from memory\n`);
      return [];
    }
    return [
      ...yardsticks(setting, 'coldread', 'coldread-random'),
      ...storeProbes({ ...setting, directory }, 'cold', rows).map((probe) => evicted(setting.limits, probe)),
    ];
  },
};

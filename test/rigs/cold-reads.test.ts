/**
 * Reading what is not in memory: nothing but the `…Sync` calls ever keeps the event loop waiting for the disk.
 *
 * The disk takes longer for each read than a timer of the same process may be late, and nothing of the store is in memory at first, not the
 * directories, not the inodes. So one wait on the loop is enough to be seen, and the control sees it. The machine may keep a loop too, now and then
 * and anywhere; the disk does so whenever it is asked. Hence up to three attempts, each cold again.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MessageStore } from '../../dist/index.js';
import { testSeed } from '../seed.js';
import { runScript } from './shim/process.js';
import { maySlowDown, SlowDisk } from './slowdisk.js';

interface Result {
  ticks: number;
  /** Milliseconds, as late.mjs has it. */
  mostLate: number;
  latest: { late: number; working: number };
  /** Messages or look-ups of each load. */
  done: Record<string, number>;
}

interface Run {
  readonly readOnly?: boolean;
  readonly milliseconds?: number;
  readonly delayMs?: number;
  readonly atOnce?: number;
}

const messages = 100_000;
const delayMs = 25;
const mostLateMs = 20;
const attempts = 3;
const loads = [
  'read',
  'raw',
  'tags',
  'position',
  'key',
  'time',
  'subscribe',
  ...('transfer' in MessageStore.prototype ? ['transfer'] : []),
];
let disk: SlowDisk | undefined;

/** With a store of 120 MiB on it: more files than are kept open, of each kind. One for all tests. */
async function coldDisk(): Promise<SlowDisk> {
  if (disk === undefined) {
    disk = await SlowDisk.make(400);
    const places = await runScript<number[]>('cold-fill', [`${messages}`], { directory: join(disk.path, 'store') });
    expect(places).toHaveLength(messages);
    writeFileSync(`${disk.control}.places`, JSON.stringify(places));
  }
  disk.forget();
  return disk;
}

async function readCold(
  names: readonly string[],
  { readOnly = false, milliseconds = 2000, atOnce = 4, ...rest }: Run = {},
): Promise<Result> {
  const disk = await coldDisk();
  const before = disk.reads;
  const options = { delayMs, ...rest, atOnce, loads: names, milliseconds, readOnly, seed: testSeed, control: disk.control };
  const directory = join(disk.path, 'store');
  const result = await runScript<Result>('cold-reads', [JSON.stringify(options)], { directory });
  expect(disk.reads - before, 'reads of the disk').toBeGreaterThan(100);
  return result;
}

async function expectInTime(names: readonly string[], run?: Run): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const result = await readCold(names, run);
    console.info(JSON.stringify(result));
    for (const name of names) expect(result.done[name], name).toBeGreaterThan(0);
    expect(result.ticks).toBeGreaterThan(100);
    if (attempt < attempts && result.mostLate > mostLateMs) continue;
    expect(result.mostLate).toBeLessThanOrEqual(mostLateMs);
    return;
  }
}

describe.skipIf(!maySlowDown)(`with nothing in memory, a timer of a millisecond is at most ${mostLateMs} ms late`, () => {
  afterAll(() => disk?.remove());

  test('but for readSync, which waits for a disk of 25 ms a read', async () => {
    const { mostLate } = await readCold(['sync']);
    expect(mostLate).toBeGreaterThan(mostLateMs);
  });

  test.each(loads)('while such a disk serves %s', async (load) => {
    await expectInTime([load]);
  });

  test('while such a disk serves them all at once', async () => {
    await expectInTime(loads, { milliseconds: 5000 });
  });

  test('while such a disk serves them all at once to a read-only store', async () => {
    await expectInTime(loads, { milliseconds: 5000, readOnly: true });
  });

  test('while a fast disk serves them all at once', async () => {
    // One of each: what is asked for in one turn of the loop is done in it, and here that is processor time, not the disk's.
    await expectInTime(loads, { milliseconds: 3000, delayMs: 0, atOnce: 1 });
  });
});

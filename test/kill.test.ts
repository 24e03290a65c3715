/**
 * A writer that is killed keeps every promise it made: one store for each pair of flush and write mode, carried through many kills.
 *
 * The moment of each kill is random: in the middle of appends, while the writer starts and opens, and now and then while it recovers
 * from the kill before. It also has subscriptions, live ones and one that catches up, and looks up by key what it appends. After each kill
 * the store is opened and read whole, by queue and by key, and the next writer's consumer goes on where the last one reported to be.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MessageStore, type StoreOptions } from '../ts/index.js';
import { KillJournal } from './killjournal.js';
import { RandomNumbers } from './randomnumbers.js';
import { testSeed } from './seed.js';
import { storeFolder } from './storefolder.js';

const writer = fileURLToPath(new URL('./children/kill-writer.mjs', import.meta.url));
const kills = 25;

interface Killed {
  readonly isOpened: boolean;
  readonly output: string;
}

/** Starts a writer and kills it `milliseconds` after it has opened the store, or after its start. */
async function runUntilKilled(args: readonly string[], from: 'open' | 'start', milliseconds: number): Promise<Killed> {
  const child = spawn(process.execPath, [writer, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  let isTimed = false;
  const kill = (): void => {
    isTimed = true;
    // Timed, because the kill is to fall anywhere in what the writer does.
    setTimeout(() => child.kill('SIGKILL'), milliseconds);
  };
  if (from === 'start') kill();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (!isTimed) kill();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself (${signal ?? code}): ${complaint}`);
  return { isOpened: output.startsWith('open\n'), output };
}

const modes = (['sync', 'async'] as const).flatMap((flush) =>
  (['pwrite', 'mapped'] as const).map((writeMode) => ({ flush, writeMode })),
);

test.each(modes)(
  'killed in $flush flush and $writeMode, it loses nothing acknowledged and tears no batch',
  { timeout: 120_000 },
  async ({ flush, writeMode }) => {
    const directory = storeFolder();
    const random = new RandomNumbers(testSeed + modes.findIndex((mode) => mode.flush === flush && mode.writeMode === writeMode));
    const options: StoreOptions = {
      flush: { mode: flush, intervalMs: 20 },
      commitLog: { fileBytes: 256 * 1024, writeMode },
      consumeQueue: { entriesPerFile: 100 },
      index: { slotsPerFile: 200, entriesPerFile: 500 },
      defaultQueues: 2,
    };
    const journal = new KillJournal(['kill-0', 'kill-1', 'kill-2'], 2);
    let lastGeneration = 0;
    let workedFor = 0;
    const args = (number: number): string[] => [
      directory,
      `${number}`,
      `${random.between(0, 2 ** 30)}`,
      JSON.stringify(options),
      JSON.stringify(journal.resume),
    ];
    for (let round = 0; round < kills; round++) {
      const isInWork = random.chance(0.85);
      const killed = await runUntilKilled(
        args(round),
        isInWork ? 'open' : 'start',
        random.between(isInWork ? 0 : 30, isInWork ? 60 : 90),
      );
      workedFor += journal.take(killed.output) > 1 ? 1 : 0;
      if (killed.isOpened) expect(existsSync(join(directory, 'abort'))).toBe(true);
      if (random.chance(0.2)) {
        const again = args(kills + round);
        journal.take((await runUntilKilled(again, 'start', random.between(40, 80))).output);
      }
      const store = await MessageStore.open(directory, options);
      try {
        if (killed.isOpened) expect(store.recovery.cleanShutdown).toBe(false);
        expect(store.generation).toBeGreaterThanOrEqual(lastGeneration);
        lastGeneration = store.generation;
        await journal.check(store);
      } finally {
        await store.close();
      }
    }
    expect(workedFor).toBeGreaterThan(kills / 3);
    expect(journal.consumedCount).toBeGreaterThan(0);
    console.info(
      `${flush}, ${writeMode}: ${journal.size} messages, ${journal.consumedCount} consumed, generation ${lastGeneration}`,
    );
  },
);

/** DISK_FULL: a full disk refuses appends and nothing else, in both write modes and both flush modes, and no signal ends the process. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MessageStore } from '../../dist/index.js';
import { mayMount, smallFileSystem } from './mounts.js';
import { runScript } from './shim/process.js';

interface Outcome {
  value?: unknown;
  code?: string;
  stored?: string;
  retriable?: boolean;
  details?: { errno?: string };
}
interface Round extends Record<'still' | 'batch' | 'sync' | 'drained' | 'freed', Outcome> {
  refused: Outcome[];
  status: string;
  reads: boolean;
  readsAgain: boolean;
  inOrder: boolean;
  pendingBytes: number;
}
interface Result {
  rounds: Round[];
  deleting: Outcome;
  deletingAgain: Outcome;
  sync: Outcome;
  status: string;
  close: Outcome;
  next: { cleanShutdown: boolean; newlyLost: unknown[]; truncatedBytes: number; topics: string[]; same: boolean };
  told: string[];
  expected: string[];
}

const full = { code: 'DISK_FULL', stored: 'no', retriable: true, details: { errno: 'ENOSPC' } };
const kinds = [
  ['tmpfs', 8],
  ['ext4', 32],
] as const;

describe.skipIf(!mayMount)('a full disk', () => {
  for (const [kind, mebibytes] of kinds) {
    for (const mode of ['sync', 'async']) {
      for (const writeMode of ['pwrite', 'mapped']) {
        test(`refuses appends until there is room again (${kind}, ${mode}, ${writeMode})`, async () => {
          const disk = smallFileSystem(kind, mebibytes);
          const directory = join(disk, 'store');
          const result = await runScript<Result>('disk-full', [mode, writeMode], { directory });
          expect(result.rounds).toHaveLength(3);
          for (const round of result.rounds) {
            for (const refused of round.refused) expect(refused).toMatchObject(full);
            for (const refused of [round.still, round.batch, round.sync]) expect(refused).toMatchObject(full);
            expect(round).toMatchObject({ status: 'open', reads: true, readsAgain: true, inOrder: true, pendingBytes: 0 });
            expect(round.drained).toEqual({ value: 'done' });
            expect(round.freed.code).toBeUndefined();
          }
          // What fails because of a full disk is done when it is asked for again.
          expect(result.deleting).toMatchObject(full);
          expect(result.deletingAgain).toEqual({ value: 'done' });
          expect(result.sync.code).toBeUndefined();
          expect(result.status).toBe('open');
          expect(result.close).toEqual({ value: 'done' });
          expect(result.next).toMatchObject({ cleanShutdown: true, newlyLost: [], truncatedBytes: 0, topics: ['T'], same: true });
          expect(result.told.filter((code) => code !== 'DISK_FULL')).toEqual([]);

          // The process ended on a full disk, without closing.
          rmSync(join(disk, 'filler'));
          const store = await MessageStore.open(directory);
          const bodies: string[] = [];
          for (let offset = 0; offset < result.expected.length; ) {
            const { messages, nextOffset } = await store.read('T', 0, offset, { maxMessages: 1000 });
            for (const { body } of messages) bodies.push(body.toString('latin1'));
            if (nextOffset === offset) break;
            offset = nextOffset;
          }
          expect(bodies.length).toBe(result.expected.length);
          expect(bodies).toEqual(result.expected);
          expect(store.queue('T', 0).nextOffset).toBe(result.expected.length);
          expect(store.recovery.newlyLost).toEqual([]);
          await store.close();
        });
      }
    }
  }

  test('cannot be made a store on, says so, and can once there is room', async () => {
    const disk = smallFileSystem('tmpfs', 1);
    const filler = join(disk, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(2_000_000))).toThrow('ENOSPC');
    const refused = await MessageStore.open(join(disk, 'store')).catch((error: unknown) => error);
    expect(refused).toMatchObject(full);
    rmSync(filler);
    const store = await MessageStore.open(join(disk, 'store'), { commitLog: { fileBytes: 65536 } });
    expect((await store.append({ topic: 'T', body: 'x' })).offset).toBe(0);
    await store.close();
  });
});

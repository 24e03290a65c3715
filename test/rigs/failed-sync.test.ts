/** FLUSH_FAILED: the first fdatasync that fails is final. Nothing is acknowledged after it, whatever the device says later. */
import { describe, expect, test } from 'vitest';
import { hasCompiler, runScript } from './shim/process.js';

interface Outcome {
  value?: unknown;
  code?: string;
  stored?: string;
  retriable?: boolean;
  message?: string;
}
interface Result {
  acknowledged: number;
  waiting: { appends: Outcome[] } & Record<'batch' | 'limited' | 'deleting' | 'flush' | 'reached', Outcome>;
  later: Record<string, Outcome>;
  laterStill: Record<string, Outcome>;
  status: string;
  failure: Outcome;
  marks: Record<'before' | 'after', { durable: number; visible: number; written: number }>;
  pendingBytes: number;
  visible: string[];
  following: Record<'caughtUp' | 'late' | 'wait' | 'lateWait' | 'there', Outcome>;
  close: Outcome;
  closeAgain: Outcome;
  closed: string;
  abort: boolean;
  told: Outcome[];
  next: { status: string; cleanShutdown: boolean; newlyLost: unknown[]; bodies: string[]; append: Outcome };
}

const acknowledged = Array.from({ length: 20 }, (_, n) => `acknowledged ${n}`);
const inDoubt = { code: 'FLUSH_FAILED', stored: 'unknown', retriable: false };
const refused = { code: 'FLUSH_FAILED', stored: 'no', retriable: false };

describe.skipIf(!hasCompiler)('a store whose fdatasync fails', () => {
  for (const mode of ['sync', 'async']) {
    for (const writeMode of ['pwrite', 'mapped']) {
      test(`acknowledges nothing any more (${mode}, ${writeMode})`, async () => {
        const result = await runScript<Result>('failed-sync', [mode, writeMode, 'commitlog'], { faults: true });
        const { waiting } = result;
        expect(waiting.appends).toHaveLength(30);
        for (const append of [...waiting.appends, waiting.batch, waiting.limited]) expect(append).toMatchObject(inDoubt);
        for (const wait of [waiting.deleting, waiting.flush, waiting.reached]) expect(wait).toMatchObject(refused);
        expect(waiting.flush.message).toContain('EIO');

        for (const { drained, sync, ...later } of [result.later, result.laterStill]) {
          for (const outcome of Object.values(later)) expect(outcome).toMatchObject(refused);
          expect(sync).toMatchObject(refused);
          expect(drained).toEqual({ value: 'done' });
        }
        expect(result.status).toBe('failed');
        expect(result.failure.code).toBe('FLUSH_FAILED');
        expect(result.marks.after).toMatchObject({ durable: result.marks.before.durable, visible: result.marks.before.visible });
        expect(result.pendingBytes).toBe(0);
        expect(result.visible).toEqual(acknowledged);
        const { caughtUp, late, wait, lateWait, there } = result.following;
        for (const outcome of [caughtUp, late, wait, lateWait]) expect(outcome).toMatchObject(refused);
        expect([caughtUp.value, late.value, there.value]).toEqual([0, 20, 'done']);
        expect(result.told).toMatchObject([{ code: 'FLUSH_FAILED' }]);

        expect(result.close).toMatchObject({ code: 'FLUSH_FAILED', retriable: false });
        expect(result.closeAgain).toEqual(result.close);
        expect(result.closed).toBe('closed');
        expect(result.abort).toBe(true);

        const { bodies, ...next } = result.next;
        expect(next).toMatchObject({ status: 'open', cleanShutdown: false, newlyLost: [] });
        expect(bodies.slice(0, 20)).toEqual(acknowledged);
        // What was in doubt is there as far as it came, in order; what was refused is not.
        const rest = [...Array.from({ length: 30 }, (_, n) => `waiting ${n}`), 'batch', 'batch', 'limited'];
        expect(bodies.slice(20)).toEqual(rest.slice(0, bodies.length - 20));
        expect(next.append).toEqual({ value: bodies.length });
      });
    }
  }

  test("fails also when it is a file of the store's own that cannot be synced", async () => {
    const result = await runScript<Record<string, Outcome> & { bodies: string[] }>('failed-slot', [], { faults: true });
    // The log was synced: what was acknowledged is durable.
    expect(result.first).toEqual({ value: 0 });
    expect(result.told).toMatchObject({ code: 'FLUSH_FAILED' });
    expect(result.told?.message).toContain('watermarks');
    expect(result.later).toMatchObject(refused);
    expect(result.close).toMatchObject({ code: 'FLUSH_FAILED' });
    expect(result.bodies).toEqual(['first']);
  });
});

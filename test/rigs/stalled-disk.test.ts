/** BUSY on a disk that stalls: what waits in memory is bounded, whatever callers do, and the loop goes on turning. */
import { describe, expect, test } from 'vitest';
import { hasCompiler, runScript } from './shim/process.js';

interface Result {
  attempts: number;
  taken: number;
  refused: number;
  wrong: unknown[];
  mostPending: number;
  mostMemory: number;
  maxPendingBytes: number;
  offset: number;
}

describe.skipIf(!hasCompiler)('a disk that takes 100 ms for each call', () => {
  test.each([
    ['sync', 'pwrite'],
    ['async', 'pwrite'],
    ['sync', 'mapped'],
  ])('lets one GiB appended without waiting stay within maxPendingBytes (%s, %s)', async (mode, writeMode) => {
    const result = await runScript<Result>('stalled-disk', [mode, writeMode], { faults: true });
    expect(result.wrong).toEqual([]);
    expect(result.attempts).toBe(16_384);
    expect(result.taken + result.refused).toBe(result.attempts);
    expect(result.refused).toBeGreaterThan(result.attempts / 2);
    expect(result.mostPending).toBeLessThanOrEqual(result.maxPendingBytes);
    expect(result.mostPending).toBeGreaterThan(result.maxPendingBytes / 2);
    // Staging, errors and the collector's slack; shared pages of the mapping count in its mode.
    const allowed = (writeMode === 'mapped' ? 128 : 0) * 1024 * 1024 + 6 * result.maxPendingBytes;
    expect(result.mostMemory).toBeLessThan(allowed);
    // Refused ones took no place.
    expect(result.offset).toBe(result.taken + 1);
  });
});

/** What every error has to say beside its sentence: the code, whether the message is in the log, and whether repeating is enough. */
import { expect } from 'vitest';
import type { StoreError, StoreErrorCode } from '../../ts/index.js';
import { rejectionOf, thrownBy } from '../failure.js';

interface Told {
  code: StoreErrorCode;
  stored?: StoreError['stored'];
  retriable?: boolean;
  /** Part of the sentence. */
  says?: string | RegExp;
}

/** Fails unless the error says all of that; `stored: 'no'` and `retriable: false` where it is not said otherwise. Returns the error. */
export function expectTold(error: StoreError, { code, stored = 'no', retriable = false, says }: Told): StoreError {
  expect({ code: error.code, stored: error.stored, retriable: error.retriable }, error.message).toEqual({
    code,
    stored,
    retriable,
  });
  expect(error.name).toBe(code === 'ABORTED' ? 'AbortError' : 'StoreError');
  // A sentence that can be shown to somebody.
  expect(error.message).toMatch(/[.?]$/);
  if (says !== undefined) expect(error.message).toMatch(says);
  return error;
}

/** The promise rejects with exactly that. */
export async function expectRejected(promise: Promise<unknown>, told: Told): Promise<StoreError> {
  return expectTold(await rejectionOf(promise), told);
}

/** The call throws exactly that. */
export function expectThrown(act: () => unknown, told: Told): StoreError {
  return expectTold(thrownBy(act), told);
}

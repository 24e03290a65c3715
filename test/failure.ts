/** Catches the StoreError that a call is expected to end in. */
import { StoreError } from '../ts/errors.js';

/** The error that `act` throws; anything else, and nothing, fails the test. */
export function thrownBy(act: () => unknown): StoreError {
  try {
    act();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The error that a promise rejects with; anything else, and success, fails the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<StoreError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('it resolved');
}

/**
 * Searches by store time: in this turn from memory, or through a task when the bytes are not there. The engine searches
 * (native/engine/time_search.h); here its answer becomes a promise.
 */
import { got, status } from './addon.js';
import { safeInteger } from './appendcheck.js';
import { storeError } from './errors.js';
import type { Session } from './session.js';

export type TimeBound = 'lower' | 'upper';

/** INVALID_ARGUMENT. */
export function checkTimeSearch(timestamp: number, bound: TimeBound): void {
  safeInteger(timestamp, 'timestamp', Number.MIN_SAFE_INTEGER);
  if (bound !== 'lower' && bound !== 'upper')
    throw storeError('INVALID_ARGUMENT', `bound is ${String(bound)}: give 'lower' or 'upper'.`);
}

/** `handle` is negative for a queue of a read-only store that nothing was ever appended to. */
export function offsetAt(session: Session, handle: number, timestamp: number, bound: TimeBound): number | Promise<number> {
  if (handle < 0) return bound === 'upper' ? -1 : 0;
  const { addon, id } = session;
  const code = addon.offsetAt(id, handle, timestamp, bound === 'upper' ? 1 : 0);
  if (code === status.ok) return session.turn.give(session.number(got.nextOffset));
  if (code !== status.wouldBlock) throw session.error(code, { doing: `search for the time ${timestamp}` });
  return offsetAtLater(session, handle, timestamp, bound);
}

async function offsetAtLater(session: Session, handle: number, timestamp: number, bound: TimeBound): Promise<number> {
  const { addon, id } = session;
  const upper = bound === 'upper' ? 1 : 0;
  const done = await session.run((task) => addon.offsetAtLater(id, task, handle, timestamp, upper));
  addon.offsetAtDone(id, done.task, upper);
  if (done.status !== status.ok) throw session.error(done.status, { doing: `search for the time ${timestamp}`, ...done.where });
  return session.number(got.nextOffset);
}

/** The numbers of `stats()`: counters of ts/ and the engine's list (native/binding/state_calls.cc fills it in this order). */
import type { Appender } from './appender.js';
import type { Reader } from './reader.js';
import type { Session } from './session.js';
import type { StoreStats } from './types/recovery.js';

const names = [
  'flushes',
  'flushNanosTotal',
  'flushNanosMax',
  'writes',
  'diskBytes',
  'openFiles',
  'lostBytes',
  'lateBlocks',
  'queueTailEntries',
  'diskFreeBytes',
  'flushedMessages',
  'indexFiles',
  'indexedKeys',
  'indexBacklogBytes',
] as const;

export function statsFrom(session: Session, appender: Appender, reader: Reader): StoreStats {
  const numbers = session.addon.numbers(session.id);
  const engine = Object.fromEntries(names.map((name, at) => [name, numbers[at] ?? 0])) as Record<(typeof names)[number], number>;
  return Object.freeze({
    appendedMessages: appender.counts.messages,
    appendedBytes: appender.counts.bytes,
    readMessages: reader.counts.messages,
    readBytes: reader.counts.bytes,
    pendingBytes: appender.pendingBytes,
    ...engine,
  });
}

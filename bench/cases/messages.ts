/**
 * The messages that every case appends, made before the clock runs: what a caller spends on making a message is not the store's.
 *
 * Bodies are random, so that no layer below can compress them, and distinct, so that they are not always the same cache lines.
 */
import { randomBytes } from 'node:crypto';
import type { Message } from 'millrace';

export const topic = 'bench';
/** What a record of an append is beside its body: fixed fields, the topic, and the property with its checksum. */
export const aroundBody = 91 + topic.length + 20;

export function makeMessages(count: number, bodyBytes: number): Message[] {
  const pool = randomBytes(count * bodyBytes);
  return Array.from({ length: count }, (_, i) => ({ topic, queueId: 0, body: pool.subarray(i * bodyBytes, (i + 1) * bodyBytes) }));
}

/** Takes an endless turn through a list. */
export function turn<T>(list: readonly T[]): () => T {
  let next = 0;
  return () => {
    const item = list[next] as T;
    next = next + 1 === list.length ? 0 : next + 1;
    return item;
  };
}

/** What one run of the write case (write.ts) is asked for, and the messages that it appends: made before the clock runs. */
import type { Message } from 'millrace';
import type { Job } from '../child.js';
import { makeMessages, turn } from './messages.js';

const MiB = 2 ** 20;

export interface Plan {
  readonly flush: string;
  readonly writeMode: 'pwrite' | 'mapped';
  readonly way: string;
  readonly batchSize: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly queues: number;
  readonly hasKeys: boolean;
  /** Unmeasured before: until the first of both. */
  readonly warmMillis: number;
  readonly warmBytes: number;
  readonly mostBytes: number;
}

export function planOf(parameters: Job['parameters']): Plan {
  const number = (name: string, otherwise: number): number => Number(parameters[name] ?? otherwise);
  const flush = String(parameters.flush ?? 'async');
  const hasKeys = number('keys', 0) === 1;
  if (!['none', 'async', 'sync'].includes(flush)) throw new Error(`no flush mode is called ${flush}`);
  return {
    flush,
    writeMode: parameters.writeMode === 'mapped' ? 'mapped' : 'pwrite',
    way: String(parameters.way ?? 'each'),
    batchSize: number('batchSize', 100),
    inFlight: number('inFlight', 1000),
    bodyBytes: number('bodyBytes', 1024),
    queues: number('queues', 1),
    hasKeys,
    // The first keys of an index file meet slots that no one has touched: with keys everything must have been touched once.
    warmMillis: hasKeys ? 3000 : number('warmMillis', 200),
    warmBytes: hasKeys ? 128 * MiB : 64 * MiB,
    mostBytes: number('mostBytes', 256 * MiB),
  };
}

/** Keys are so many that they reach every page of the index's slots, as they do in the life of a store. */
const keyedMessages = 16_384;
const plainMessages = 1000;

/** Messages that take turns among the queues, in batches where they are appended in batches. */
export function writtenMessages({ queues, hasKeys, bodyBytes, way, batchSize }: Plan): Message[] {
  const run = way === 'batch' ? batchSize : 1;
  const count = Math.max(hasKeys ? keyedMessages : plainMessages, queues * run);
  const next = turn(makeMessages(plainMessages, bodyBytes));
  // Written out: of copies that are made by spreading and then grow, V8 gives each a shape of its own, and is slow with all of them.
  return Array.from({ length: count }, (_, i) => {
    const { topic, body } = next();
    const queueId = Math.floor(i / run) % queues;
    return hasKeys ? { topic, queueId, body, keys: `order-${i}` } : { topic, queueId, body };
  });
}

export function queueOf({ queueId = 0 }: Message): number {
  return queueId;
}

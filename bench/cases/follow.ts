/**
 * How long after an append was acknowledged does a subscription that waits have its message?
 *
 * One message at a time: the subscription asks for the next one, it is appended durably, and both are timed from the call of append. `lag` is
 * what the subscriber has to wait longer than the appender. Parameters: `bodyBytes`; `subscriptions`: how many wait, each for a queue
 * of its own, of which the first one's is appended to.
 */
import { rm } from 'node:fs/promises';
import { createHistogram } from 'node:perf_hooks';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, topic, turn } from './messages.js';

const warmAppends = 2000;

export async function followCase(job: Job): Promise<Case> {
  const count = Number(job.parameters.subscriptions);
  const next = turn(makeMessages(1000, Number(job.parameters.bodyBytes)));
  const store = await MessageStore.open(job.directory, { flush: 'sync' });
  await store.createTopic(topic, { queues: count });
  const [first, ...others] = Array.from({ length: count }, (_, queueId) =>
    store.subscribe({ topic, queueId })[Symbol.asyncIterator](),
  );
  if (first === undefined) throw new Error('nobody subscribes');
  for (const other of others) void other.next();

  const nanosSince = (begin: bigint): number => Math.max(1, Number(process.hrtime.bigint() - begin));
  const once = async (): Promise<[acknowledged: number, yielded: number]> => {
    let yielded = 0;
    const begin = process.hrtime.bigint();
    const receiving = first.next().then(() => {
      yielded = nanosSince(begin);
    });
    await store.append(next());
    const acknowledged = nanosSince(begin);
    await receiving;
    return [acknowledged, yielded];
  };
  for (let n = 0; n < warmAppends; n++) await once();

  return {
    round: async () => {
      const acknowledged = createHistogram();
      const yielded = createHistogram();
      const lag = createHistogram();
      for (const begin = performance.now(); performance.now() - begin < job.millis; ) {
        const [appendNanos, followNanos] = await once();
        acknowledged.record(appendNanos);
        yielded.record(followNanos);
        lag.record(Math.max(1, followNanos - appendNanos));
      }
      return {
        appendP50Micros: acknowledged.percentile(50) / 1000,
        subscriberP50Micros: yielded.percentile(50) / 1000,
        subscriberP99Micros: yielded.percentile(99) / 1000,
        lagP50Micros: lag.percentile(50) / 1000,
      };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

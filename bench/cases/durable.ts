/**
 * How long does an append take that waits for the disk, and how many share one sync?
 *
 * One store for all rounds: little is written, and opening would prepare blocks that others then wait behind. Parameters:
 * `bodyBytes`, and `inFlight`: so many callers, each of which appends again when its last append is durable.
 */
import { rm } from 'node:fs/promises';
import { createHistogram } from 'node:perf_hooks';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, turn } from './messages.js';

/** Appends before the first round, so that blocks are ready and code is compiled. */
const warmAppends = 2000;

export async function durableCase(job: Job): Promise<Case> {
  const inFlight = Number(job.parameters.inFlight);
  const bodyBytes = Number(job.parameters.bodyBytes);
  const next = turn(makeMessages(1000, bodyBytes));
  const store = await MessageStore.open(job.directory, { flush: 'sync' });

  const callers = async (until: () => boolean, record: (nanos: number) => void): Promise<number> => {
    let done = 0;
    const caller = async (): Promise<void> => {
      while (!until()) {
        const begin = process.hrtime.bigint();
        await store.append(next());
        record(Number(process.hrtime.bigint() - begin));
        done++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    return done;
  };

  let left = warmAppends;
  await callers(
    () => left-- <= 0,
    () => {},
  );

  return {
    round: async () => {
      const latencies = createHistogram();
      const before = store.stats();
      const begin = performance.now();
      const end = begin + job.millis;
      const done = await callers(
        () => performance.now() >= end,
        (nanos) => latencies.record(nanos),
      );
      const seconds = (performance.now() - begin) / 1000;
      const after = store.stats();
      return {
        messagesPerSecond: done / seconds,
        p50Micros: latencies.percentile(50) / 1000,
        p99Micros: latencies.percentile(99) / 1000,
        messagesPerSync: (after.flushedMessages - before.flushedMessages) / Math.max(1, after.flushes - before.flushes),
      };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

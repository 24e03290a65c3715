/**
 * How long does a durable append take when appends are due at a fixed rate, whether the last ones are finished or not?
 *
 * An open loop: each append has a time when it is due, and its latency counts from then, not from the call. What waited because the loop or
 * the store was held up is counted with all of its wait (no coordinated omission). Each round first finds the durable maximum of that
 * moment, 64 in flight, and then offers the given part of it.
 *
 * Pacing: all that is due is called in one turn of the event loop, then the loop turns again (setImmediate), or sleeps by a timer when the
 * next one is more than 2 ms away. Every turn looks for what the store has finished, so nothing is starved; the resolution is one turn. How late
 * the calls were made is a figure of its own, and part of every latency. Between them the loop does not sleep: an application that does
 * sleep pays its wake-up on top. Parameters: `percent` of the maximum, `bodyBytes`.
 */
import { rm } from 'node:fs/promises';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { type Message, MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, turn } from './messages.js';

const inFlight = 64;
const warmAppends = 5000;
/** Nothing that is due sooner is slept for. */
const sleepFromMillis = 2;

export async function latencyCase(job: Job): Promise<Case> {
  const part = Number(job.parameters.percent) / 100;
  if (!(part > 0)) throw new Error('percent of the maximum is more than 0');
  const store = await MessageStore.open(job.directory, { flush: 'sync' });
  const next = turn(makeMessages(1000, Number(job.parameters.bodyBytes)));
  let left = warmAppends;
  await closedLoop(store, next, () => left-- <= 0);
  await offer(store, next, 1000, 100);
  return {
    round: async () => {
      const maximum = await maximumPerSecond(store, next, job.millis / 2);
      const { latencies, lateness, perSecond } = await offer(store, next, maximum * part, job.millis * 4);
      return {
        offeredPerSecond: maximum * part,
        finishedPerSecond: perSecond,
        maximumPerSecond: maximum,
        ...percentiles(latencies),
        calledLateP50Micros: lateness.percentile(50) / 1000,
        calledLateP99Micros: lateness.percentile(99) / 1000,
      };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

function percentiles(latencies: RecordableHistogram): Record<string, number> {
  return {
    p50Micros: latencies.percentile(50) / 1000,
    p90Micros: latencies.percentile(90) / 1000,
    p99Micros: latencies.percentile(99) / 1000,
    p999Micros: latencies.percentile(99.9) / 1000,
    maxMicros: latencies.max / 1000,
  };
}

async function closedLoop(store: MessageStore, next: () => Message, until: () => boolean): Promise<number> {
  let done = 0;
  const caller = async (): Promise<void> => {
    while (!until()) {
      await store.append(next());
      done++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return done;
}

async function maximumPerSecond(store: MessageStore, next: () => Message, millis: number): Promise<number> {
  const begin = performance.now();
  const done = await closedLoop(store, next, () => performance.now() - begin >= millis);
  return (done * 1000) / (performance.now() - begin);
}

interface Offered {
  readonly latencies: RecordableHistogram;
  /** From due to called. */
  readonly lateness: RecordableHistogram;
  readonly perSecond: number;
}

/** Appends at `perSecond` for `millis`; resolves when the last one is durable. */
function offer(store: MessageStore, next: () => Message, perSecond: number, millis: number): Promise<Offered> {
  const apart = 1000 / perSecond;
  const count = Math.max(1, Math.floor(millis / apart));
  const latencies = createHistogram();
  const lateness = createHistogram();
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    let called = 0;
    let finished = 0;
    const append = (due: number): void => {
      record(lateness, performance.now() - due);
      store.append(next()).then(() => {
        const now = performance.now();
        record(latencies, now - due);
        if (++finished === count) resolve({ latencies, lateness, perSecond: (count * 1000) / (now - begin) });
      }, reject);
    };
    const pace = (): void => {
      const now = performance.now();
      for (let due = begin + called * apart; called < count && due <= now; due = begin + called * apart) {
        called++;
        append(due);
      }
      if (called === count) return;
      const wait = begin + called * apart - now;
      if (wait > sleepFromMillis) setTimeout(pace, wait - 1);
      else setImmediate(pace);
    };
    pace();
  });
}

function record(histogram: RecordableHistogram, millis: number): void {
  histogram.record(Math.max(1, Math.round(millis * 1e6)));
}

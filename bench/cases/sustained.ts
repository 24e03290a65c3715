/**
 * What rate does the store keep up when more is written than the kernel lets lie in memory?
 *
 * One round: `appendBatch` of 100 with ten in flight into a new store, async flush, for the job's time or until `mostBytes` of bodies. Besides the
 * rates: the delay of the event loop (a timer of 1 ms, so 1 ms is no delay), the longest time without an acknowledgement, the process's own
 * memory at half of it and at the end, and for each of `slices` even pieces of the planned time the bytes of bodies acknowledged in it.
 * `logBytesPerSecond` counts whole records, and the time until all of them are synced: bytes that are in memory only did not reach the device.
 */
import { rm } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Message, MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Sample } from '../figures.js';
import { anonymousBytes } from '../memory.js';
import type { Case } from '../worker.js';
import { makeMessages, turn } from './messages.js';

const batchSize = 100;
const batchesInFlight = 10;
const MiB = 2 ** 20;

export async function sustainedCase(job: Job): Promise<Case> {
  const bodyBytes = Number(job.parameters.bodyBytes);
  const messages = makeMessages(1000, bodyBytes);
  const batches = Array.from({ length: messages.length / batchSize }, (_, i) => messages.slice(i * batchSize, (i + 1) * batchSize));
  return {
    round: async () => {
      const store = await MessageStore.open(job.directory, { flush: 'async' });
      try {
        return await measure(job, store, batches, bodyBytes);
      } finally {
        await store.close();
        await rm(job.directory, { recursive: true, force: true });
      }
    },
    close: async () => {},
  };
}

async function measure(job: Job, store: MessageStore, batches: readonly Message[][], bodyBytes: number): Promise<Sample> {
  const most = Number(job.parameters.mostBytes);
  const watch = new Watch(job.millis, most, Number(job.parameters.slices));
  const next = turn(batches);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  const lane = async (): Promise<void> => {
    while (watch.bytes < most && performance.now() - begin < job.millis) {
      const { length } = await store.appendBatch(next());
      watch.acknowledged(length * bodyBytes, performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: batchesInFlight }, lane));
  const seconds = (performance.now() - begin) / 1000;
  delay.disable();
  const { durable } = await store.flush();
  const syncedSeconds = (performance.now() - begin) / 1000;
  return {
    bodyBytesPerSecond: watch.bytes / seconds,
    messagesPerSecond: watch.bytes / bodyBytes / seconds,
    logBytesPerSecond: durable / syncedSeconds,
    writtenMiB: durable / MiB,
    loopDelayP999Millis: delay.percentile(99.9) / 1e6,
    loopDelayMaxMillis: delay.max / 1e6,
    stallMillis: watch.stallMillis,
    memoryAtHalfMiB: watch.memoryAtHalf / MiB,
    memoryAtEndMiB: anonymousBytes(process.pid) / MiB,
    ...watch.perSlice(),
  };
}

/** What was acknowledged when. */
class Watch {
  bytes = 0;
  stallMillis = 0;
  memoryAtHalf = 0;
  readonly #millis: number;
  readonly #most: number;
  readonly #slices: number[];
  #last = 0;

  constructor(millis: number, most: number, slices: number) {
    this.#millis = millis;
    this.#most = most;
    this.#slices = Array.from({ length: slices }, () => 0);
  }

  acknowledged(bytes: number, at: number): void {
    this.bytes += bytes;
    this.stallMillis = Math.max(this.stallMillis, at - this.#last);
    this.#last = at;
    const isHalf = at >= this.#millis / 2 || this.bytes >= this.#most / 2;
    if (this.memoryAtHalf === 0 && isHalf) this.memoryAtHalf = anonymousBytes(process.pid);
    // The last batches come when the time is over: they belong to no slice.
    const slice = Math.floor((at / this.#millis) * this.#slices.length);
    if (slice < this.#slices.length) this.#slices[slice] = (this.#slices[slice] ?? 0) + bytes;
  }

  /** `slice0BytesPerSecond` and so on, of the slices that were lived through to their end. */
  perSlice(): Record<string, number> {
    const seconds = this.#millis / this.#slices.length / 1000;
    const whole = this.#slices.slice(0, Math.floor((this.#last / this.#millis) * this.#slices.length));
    return Object.fromEntries(whole.map((bytes, i) => [`slice${i}BytesPerSecond`, bytes / seconds]));
  }
}

/**
 * What does one call cost? Benchmark.js asks a function again and again, in samples of some milliseconds, for as long as it is
 * told.
 *
 * Its loop calls the function as it is (it would take a text apart only where there is a setup), so what is measured holds one
 * JavaScript call more than the work; of an asynchronous one, its `Deferred` too, about a tenth of a microsecond. The margin of
 * error is that of the mean of the samples, at 95 %.
 */
import { createRequire } from 'node:module';
import type { Sample } from './figures.js';

/** The part of Benchmark.js 2.1.4 that is used. */
interface Benchmark {
  readonly stats: { readonly mean: number; readonly rme: number };
  readonly error?: unknown;
  on(event: 'complete', listener: () => void): this;
  run(options: { async: boolean }): this;
  abort(): this;
}

interface Deferred {
  resolve(): void;
}

interface Settings {
  readonly fn: (deferred: Deferred) => void;
  readonly defer: boolean;
  readonly async: boolean;
  /** Seconds. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly minSamples: number;
}

const Benchmark = createRequire(import.meta.url)('benchmark') as new (settings: Settings) => Benchmark;

const samples = 10;

/** A function that has done its work when it returns, or when the promise that it returns is fulfilled. */
export type Call = { readonly now: () => void } | { readonly later: () => Promise<unknown> };

/** nanosPerCall, callsPerSecond, errorPercent. */
export async function timeCall(call: Call, millis: number): Promise<Sample> {
  let failure: unknown;
  const benchmark = new Benchmark({
    fn:
      'now' in call
        ? call.now
        : (deferred) => {
            const { later } = call;
            later().then(
              () => deferred.resolve(),
              (error: unknown) => {
                failure = error;
                benchmark.abort();
                deferred.resolve();
              },
            );
          },
    defer: 'later' in call,
    async: true,
    minTime: millis / 1000 / samples,
    maxTime: millis / 1000,
    minSamples: samples / 2,
  });
  await new Promise<void>((resolve) => {
    benchmark.on('complete', resolve);
    benchmark.run({ async: true });
  });
  failure ??= benchmark.error;
  if (failure !== undefined) throw failure;
  const { mean, rme } = benchmark.stats;
  return { nanosPerCall: mean * 1e9, callsPerSecond: 1 / mean, errorPercent: rme };
}

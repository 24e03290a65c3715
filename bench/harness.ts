/**
 * Interleaves probes: each round runs every probe once, every other round in reverse order, so that a machine that is slower for a
 * while is slower for all of them, and no probe always follows the same neighbour.
 *
 * Nothing is measured here: a probe times itself. Before each probe `settle` waits until the disk is quiet, so that
 * nobody pays for what another one left to be written.
 */
import type { Sample, Series } from './figures.js';

export interface Probe {
  /** Unique; what `--only` looks at. */
  readonly name: string;
  /** What a reader sees. */
  readonly title: string;
  /** Rounds it takes part in, from the first; default: all. */
  readonly rounds?: number;
  /** Takes too long for every run: only where its name is asked for. */
  readonly isLong?: boolean;
  run(): Promise<Sample>;
  close(): Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly figures: Readonly<Record<string, Series>>;
}

export interface Run {
  readonly rounds: number;
  /** Before each probe of each round: makes the machine ready for it. */
  settle(probe: Probe): Promise<void>;
  /** Before that. */
  progress(round: number, probe: Probe): void;
  /** A probe that fails takes no further part, and has no figures but those of the rounds before. Without this the run fails with it. */
  failed?(probe: Probe, error: unknown): void;
}

export async function interleave(probes: readonly Probe[], run: Run): Promise<Result[]> {
  const samples = new Map<string, Sample[]>(probes.map(({ name }) => [name, []]));
  const failed = new Set<Probe>();
  try {
    for (let round = 0; round < run.rounds; round++) {
      const order = round % 2 === 0 ? probes : [...probes].reverse();
      for (const probe of order) {
        if (failed.has(probe) || round >= (probe.rounds ?? run.rounds)) continue;
        run.progress(round, probe);
        await run.settle(probe);
        try {
          samples.get(probe.name)?.push(await probe.run());
        } catch (error) {
          if (run.failed === undefined) throw error;
          failed.add(probe);
          run.failed(probe, error);
        }
      }
    }
  } finally {
    await closeAll(probes, run);
  }
  return probes.map(({ name, title }) => ({ name, title, figures: transpose(samples.get(name) ?? []) }));
}

/** Each gets its chance to clean up; then the first failure is thrown, unless somebody is told of failures. */
async function closeAll(probes: readonly Probe[], run: Run): Promise<void> {
  const outcomes = await Promise.allSettled(probes.map((probe) => probe.close()));
  for (const [index, outcome] of outcomes.entries()) {
    const probe = probes[index];
    if (outcome.status !== 'rejected' || probe === undefined) continue;
    if (run.failed === undefined) throw outcome.reason;
    run.failed(probe, outcome.reason);
  }
}

function transpose(samples: readonly Sample[]): Record<string, Series> {
  const figures: Record<string, number[]> = {};
  for (const sample of samples) {
    for (const [name, value] of Object.entries(sample)) {
      figures[name] ??= [];
      figures[name].push(value);
    }
  }
  return figures;
}

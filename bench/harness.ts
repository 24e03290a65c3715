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
}

export async function interleave(probes: readonly Probe[], run: Run): Promise<Result[]> {
  const samples = new Map<string, Sample[]>(probes.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round < run.rounds; round++) {
      const order = round % 2 === 0 ? probes : [...probes].reverse();
      for (const probe of order) {
        if (round >= (probe.rounds ?? run.rounds)) continue;
        run.progress(round, probe);
        await run.settle(probe);
        samples.get(probe.name)?.push(await probe.run());
      }
    }
  } finally {
    await closeAll(probes);
  }
  return probes.map(({ name, title }) => ({ name, title, figures: transpose(samples.get(name) ?? []) }));
}

/** Each gets its chance to clean up; then the first failure is thrown. */
async function closeAll(probes: readonly Probe[]): Promise<void> {
  const outcomes = await Promise.allSettled(probes.map((probe) => probe.close()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
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

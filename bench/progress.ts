/**
 * How far a run is and how long it will still take, by what each probe took when it last ran; a probe that has not run yet counts as the
 * mean of those that did. Nothing is written here but into the stream that is given.
 */
import type { Probe } from './harness.js';

type Planned = Pick<Probe, 'name' | 'rounds'>;

export class Progress {
  readonly #probes: readonly Planned[];
  readonly #rounds: number;
  /** Milliseconds of the last run of each, and how often it ran. */
  readonly #taken = new Map<string, { millis: number; runs: number; total: number }>();
  readonly #dropped = new Set<string>();
  #running: { name: string; since: number } | undefined;

  constructor(probes: readonly Planned[], rounds: number) {
    this.#probes = probes;
    this.#rounds = rounds;
  }

  /** `name` begins, and what ran before has ended. `now` in milliseconds. */
  begin(name: string, now: number): void {
    this.end(now);
    this.#running = { name, since: now };
  }

  end(now: number): void {
    if (this.#running === undefined) return;
    const { name, since } = this.#running;
    const { runs, total } = this.#taken.get(name) ?? { runs: 0, total: 0 };
    this.#taken.set(name, { millis: now - since, runs: runs + 1, total: total + now - since });
    this.#running = undefined;
  }

  /** It takes no further part. */
  drop(name: string, now: number): void {
    this.end(now);
    this.#dropped.add(name);
  }

  /** Undefined as long as nothing has ended. */
  leftMillis(): number | undefined {
    if (this.#taken.size === 0) return undefined;
    const known = [...this.#taken.values()].map(({ millis }) => millis);
    const mean = known.reduce((sum, millis) => sum + millis, 0) / known.length;
    let left = 0;
    for (const { name, rounds } of this.#probes) {
      if (this.#dropped.has(name)) continue;
      const taken = this.#taken.get(name);
      left += Math.max(0, Math.min(rounds ?? this.#rounds, this.#rounds) - (taken?.runs ?? 0)) * (taken?.millis ?? mean);
    }
    return left;
  }

  /** Those that took most of the run, in all rounds. */
  slowest(count: number): readonly { readonly name: string; readonly millis: number }[] {
    const all = [...this.#taken].map(([name, { total }]) => ({ name, millis: total }));
    return all.sort((a, b) => b.millis - a.millis).slice(0, count);
  }

  line(round: number, name: string): string {
    const left = this.leftMillis();
    const time = left === undefined ? '' : `, about ${duration(left)} left`;
    return `round ${round + 1} of ${this.#rounds}: ${questionOf(name)}: ${name}${time}`;
  }

  /** What each question's probes took together, longest first. */
  perQuestion(): readonly { readonly question: string; readonly millis: number }[] {
    const sums = new Map<string, number>();
    for (const [name, { total }] of this.#taken) sums.set(questionOf(name), (sums.get(questionOf(name)) ?? 0) + total);
    return [...sums].map(([question, millis]) => ({ question, millis })).sort((a, b) => b.millis - a.millis);
  }
}

/** The names of a question's probes begin with it. */
export function questionOf(probe: string): string {
  return probe.split('/')[0] ?? probe;
}

export function duration(millis: number): string {
  const seconds = Math.ceil(millis / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

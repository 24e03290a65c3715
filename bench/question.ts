/**
 * A question that the benchmark answers: which probes run for it, against which limit each is held, and what is drawn of it.
 *
 * Plain data and a function: a question measures nothing itself. The probes of all questions of a run go into one interleaved run
 * (harness.ts); a probe that two questions name alike runs once. Terminal table, JSON and HTML are made from the answer alone.
 */
import type { Conditions } from './conditions.js';
import type { Probe, Result } from './harness.js';
import type { Limits } from './limits.js';

/** What a run is made for. */
export interface Setting {
  /** The folder of package.json. */
  readonly root: string;
  /** Where stores are made; empty, on the disk to be measured. */
  readonly directory: string;
  /** Milliseconds that one round of one probe should take. */
  readonly millis: number;
  readonly scale: 'quick' | 'full';
  /** The native program, and the port of its receiver. */
  readonly limits: Limits;
  readonly port: number;
}

export interface Question {
  /** One word; the names of its own probes begin with it and a slash. */
  readonly name: string;
  /** A question, as a heading. */
  readonly title: string;
  /** What is measured and how, and what is not; a few sentences for whoever reads the figures. */
  readonly how: string;
  readonly charts: readonly Chart[];
  /** Each result as a fraction of a limit: name of the result to the limit. */
  readonly heldAgainst: Readonly<Record<string, Limit>>;
  /** Also those of the limits and the peers that it needs. */
  probes(setting: Setting): Promise<readonly Probe[]>;
}

export interface Limit {
  /** Name of the limit's result, its figure, and the figure of the result that is divided by it. */
  readonly result: string;
  readonly figure: string;
  readonly of: string;
}

export type Chart = BarChart | LineChart | LatencyChart;

/** Horizontal bars, the median long, with least and most as a whisker; `limit` is a line across. */
export interface BarChart {
  readonly kind: 'bars';
  readonly title: string;
  /** Name of the figure, which tells the unit (figures.ts). */
  readonly figure: string;
  readonly bars: readonly { readonly label: string; readonly result: string; readonly isOurs?: boolean }[];
  readonly limit?: { readonly label: string; readonly result: string; readonly figure: string };
}

/** A figure by a number: throughput by messages in flight, time by size. */
export interface LineChart {
  readonly kind: 'lines';
  readonly title: string;
  readonly figure: string;
  readonly x: { readonly label: string; readonly isLogarithmic?: boolean };
  readonly lines: readonly {
    readonly label: string;
    readonly isOurs?: boolean;
    readonly points: readonly { readonly x: number; readonly result: string }[];
  }[];
  readonly limit?: { readonly label: string; readonly result: string; readonly figure: string };
}

/** Latency by percentile, from the figures p50Micros, p90Micros, p99Micros, p999Micros, p9999Micros (where there) and maxMicros. */
export interface LatencyChart {
  readonly kind: 'latencies';
  readonly title: string;
  readonly curves: readonly { readonly label: string; readonly result: string; readonly isOurs?: boolean }[];
}

/** What a run leaves behind: everything that the reports are made from. */
export interface Answers {
  readonly conditions: Conditions;
  readonly scale: Setting['scale'];
  readonly rounds: number;
  readonly questions: readonly Omit<Question, 'probes'>[];
  readonly results: readonly Result[];
  readonly verdicts: readonly Verdict[];
  /** What each peer said about itself, in the order of the run. */
  readonly peers: readonly PeerNote[];
  /** Probes that ended with an error: they have no figures, or those of the rounds before. */
  readonly failures?: readonly { readonly result: string; readonly reason: string }[];
}

export interface PeerNote {
  readonly name: string;
  readonly version: string;
  /** How it was set up and used; or why it is missing. */
  readonly configuration: string;
  readonly isMissing: boolean;
}

/** A ratio within one run, and whether it is where it should be. */
export interface Verdict {
  readonly title: string;
  readonly target: number;
  readonly reach: 'at least' | 'at most';
  readonly series: readonly number[];
  readonly value: number;
  /** Undefined: not measured. */
  readonly reached: boolean | undefined;
}

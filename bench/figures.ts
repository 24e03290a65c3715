/**
 * Figures and what many rounds make of them.
 *
 * A round of a probe gives a `Sample`: numbers by name, the unit last in the name (bytesPerSecond, p99Micros). A `Series` is
 * one such number over all rounds, in the order of the rounds, so that two probes can be compared round by round.
 */

export type Sample = Readonly<Record<string, number>>;

export type Series = readonly number[];

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summarize(series: Series): Summary {
  const sorted = [...series].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** One figure from several, round by round; as long as the shortest. */
export function combine(figure: (...values: number[]) => number, ...series: Series[]): Series {
  const rounds = Math.min(...series.map((each) => each.length));
  return Array.from({ length: rounds }, (_, round) => figure(...series.map((each) => each[round] ?? Number.NaN)));
}

const units: readonly { suffix: string; text: string; scale: number }[] = [
  { suffix: 'bytesPerSecond', text: ' MB/s', scale: 1e-6 },
  { suffix: 'BytesPerSecond', text: ' MB/s', scale: 1e-6 },
  { suffix: 'PerSecond', text: '/s', scale: 1 },
  { suffix: 'Micros', text: ' µs', scale: 1 },
  { suffix: 'Millis', text: ' ms', scale: 1 },
  { suffix: 'millis', text: ' ms', scale: 1 },
  { suffix: 'MiB', text: ' MiB', scale: 1 },
  { suffix: 'KiB', text: ' KiB', scale: 1 },
  { suffix: 'nanosPerCall', text: ' ns', scale: 1 },
  { suffix: 'NanosPerKilobyte', text: ' ns/kB', scale: 1 },
  { suffix: 'Percent', text: ' %', scale: 1 },
];

/** Whether the name of a figure ends with a unit. */
export function hasUnit(name: string): boolean {
  return units.some(({ suffix }) => name.endsWith(suffix));
}

/** The number and its unit in a form to read; `name` tells the unit. */
export function format(name: string, value: number): string {
  const unit = units.find(({ suffix }) => name.endsWith(suffix)) ?? { text: '', scale: 1 };
  return spell(value * unit.scale) + unit.text;
}

/** Three digits that count, thousands separated. */
export function spell(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Math.abs(value) < 1000 ? value.toFixed(Math.min(digits, 3)) : String(Math.round(value));
  return rounded.replace(/\B(?=(\d{3})+$)/g, Math.abs(value) < 1000 ? '' : ' ');
}

/** The unit that the name of a figure tells, empty for a plain number, and what a value is multiplied by to be in it. */
export function unitOf(name: string): { readonly text: string; readonly scale: number } {
  return units.find(({ suffix }) => name.endsWith(suffix)) ?? { text: '', scale: 1 };
}

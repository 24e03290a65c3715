/**
 * How much the machine itself moved during the run: the spread of each limit between its least and its most, as a part of its median.
 *
 * A difference between two results that is smaller than this says nothing.
 */
import { summarize } from './figures.js';
import type { Result } from './harness.js';

/** What a limit is known by; the first that it has counts. */
const telling = ['bytesPerSecond', 'recordsPerSecond', 'writesPerSecond', 'callsPerSecond', 'roundTripMeanMicros'];

export interface Spread {
  readonly title: string;
  /** 0.1: the most is a tenth of the median above the least. */
  readonly part: number;
}

/** From the steadiest to the one that moved most; only those with two rounds. */
export function spreads(results: readonly Result[]): readonly Spread[] {
  return results
    .filter(({ name }) => name.startsWith('limit/'))
    .flatMap(({ title, figures }) => {
      const name = telling.find((each) => (figures[each]?.length ?? 0) > 1);
      const series = name === undefined ? undefined : figures[name];
      if (series === undefined) return [];
      const { median, min, max } = summarize(series);
      return [{ title, part: (max - min) / median }];
    })
    .sort((a, b) => a.part - b.part);
}

/** One line for the conditions. */
export function noiseText(results: readonly Result[]): string {
  const moved = spreads(results);
  const [least] = moved;
  const most = moved.at(-1);
  if (least === undefined || most === undefined) return 'unknown: no limit ran for two rounds';
  const percent = ({ part, title }: Spread): string => `${Math.round(part * 100)} % (${title})`;
  if (moved.length === 1) return `between the rounds a limit of the machine moved by ${percent(least)}`;
  return `between the rounds the limits of the machine moved by ${percent(least)} to ${percent(most)}`;
}

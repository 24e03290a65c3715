/** What a chart is made of, before it is drawn: results and figures, and how a reader is to take it. */
import type { Chart } from '../question.js';
import { betterWay, capital, figureWords, type Measured } from './measured.js';

export const percentiles: readonly { readonly figure: string; readonly text: string }[] = [
  { figure: 'p50Micros', text: '50 %' },
  { figure: 'p90Micros', text: '90 %' },
  { figure: 'p99Micros', text: '99 %' },
  { figure: 'p999Micros', text: '99.9 %' },
  { figure: 'p9999Micros', text: '99.99 %' },
  { figure: 'maxMicros', text: 'longest' },
];

/** Whether anything of it was measured. */
export function isMeasured(chart: Chart, measured: Measured): boolean {
  return chartFigures(chart).some(([result, figure]) => measured.series(result, figure).length > 0);
}

/** Results and figures that a chart draws, without its limit. */
export function chartFigures(chart: Chart): (readonly [result: string, figure: string])[] {
  switch (chart.kind) {
    case 'bars':
      return chart.bars.map(({ result }) => [result, chart.figure]);
    case 'lines':
      return chart.lines.flatMap(({ points }) => points.map(({ result }) => [result, chart.figure] as const));
    case 'latencies':
      return chart.curves.flatMap(({ result }) => percentiles.map(({ figure }) => [result, figure] as const));
  }
}

/** How it is to be read, in one line. */
export function legend(chart: Chart): string {
  const figure = chart.kind === 'latencies' ? 'Micros' : chart.figure;
  const name = chart.kind === 'latencies' ? 'Latency, µs' : capital(figureWords(figure));
  const range =
    chart.kind === 'bars'
      ? 'bar: median of the rounds, whisker: least and most'
      : 'line: median of the rounds, band: least and most';
  const limit = chart.kind !== 'latencies' && chart.limit !== undefined ? 'dashed: limit' : '';
  return [name, betterWay(figure), range, limit].filter((part) => part !== '').join(' · ');
}

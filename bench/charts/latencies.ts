/** Latency by percentile as curves: the percentiles stand side by side, so that the tail has as much room as the middle. */
import { format } from '../figures.js';
import { percentiles } from '../html/charted.js';
import type { Measured } from '../html/measured.js';
import type { LatencyChart } from '../question.js';
import { type Curve, drawCurves, type Point } from './curves.js';
import type { Drawing, Shape } from './drawing.js';

export function drawLatencies(chart: LatencyChart, measured: Measured, shape: Shape, id: string): Drawing {
  const present = percentiles.filter(({ figure }) => chart.curves.some(({ result }) => measured.series(result, figure).length > 0));
  const curves = chart.curves.map(
    (curve): Curve => ({
      label: curve.label,
      isOurs: curve.isOurs === true,
      points: present.flatMap(({ figure }, x): Point[] => {
        const summary = measured.summary(curve.result, figure);
        return summary === undefined || summary.min <= 0 ? [] : [{ x, ...summary }];
      }),
    }),
  );
  const axes = {
    x: { label: 'of all calls took at most', isLogarithmic: false, ticks: present.map(({ text }, at) => ({ at, text })) },
    y: { label: 'Latency, µs', isLogarithmic: true, scale: 1 },
    limit: undefined,
  };
  const said = curves.map(({ label, points }) => {
    if (points.length === 0) return `${label}: not measured`;
    return `${label}: ${points.map(({ x, median }) => `${present[x]?.text} ${format('Micros', median)}`).join(', ')}`;
  });
  const drawn = curves.filter(({ points }) => points.length > 0);
  return drawCurves(drawn, axes, shape, { id, title: chart.title, description: said.join('; ') });
}

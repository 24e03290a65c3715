/** A figure by a number as curves: both axes logarithmic where the chart says so of x and the figures span much. */
import { format, unitOf } from '../figures.js';
import { capital, exact, figureWords, type Measured } from '../html/measured.js';
import type { LineChart } from '../question.js';
import { type Curve, drawCurves } from './curves.js';
import type { Drawing, Shape } from './drawing.js';

export function drawLines(chart: LineChart, measured: Measured, shape: Shape, id: string): Drawing {
  const curves = chart.lines.map(
    (line): Curve => ({
      label: line.label,
      isOurs: line.isOurs === true,
      points: line.points
        .flatMap(({ x, result }) => {
          const figure = measured.summary(result, chart.figure);
          return figure === undefined ? [] : [{ x, ...figure }];
        })
        .sort((a, b) => a.x - b.x),
    }),
  );
  const drawn = curves.filter(({ points }) => points.length > 0);
  const limit = chart.limit && measured.summary(chart.limit.result, chart.limit.figure);
  const values = drawn.flatMap(({ points }) => points.map(({ median }) => median));
  const isLogarithmic = chart.x.isLogarithmic === true;
  const spans = Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 12;
  const at = [...new Set(drawn.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const axes = {
    x: { label: chart.x.label, isLogarithmic, ticks: at.map((x) => ({ at: x, text: exact(x) })) },
    y: { label: capital(figureWords(chart.figure)), isLogarithmic: isLogarithmic && spans, scale: unitOf(chart.figure).scale },
    limit: limit && { label: `${chart.limit?.label}: ${format(chart.figure, limit.median)}`, figure: limit },
  };
  const description = describe(chart, curves, axes.limit?.label);
  return drawCurves(drawn, axes, shape, { id, title: chart.title, description });
}

function describe(chart: LineChart, curves: readonly Curve[], limit: string | undefined): string {
  const said = curves.map(({ label, points }) => {
    if (points.length === 0) return `${label}: not measured`;
    return `${label}: ${points.map(({ x, median }) => `${format(chart.figure, median)} at ${exact(x)}`).join(', ')}`;
  });
  return [`By ${chart.x.label}. ${said.join('; ')}`, ...(limit === undefined ? [] : [`limit, ${limit}`])].join('; ');
}

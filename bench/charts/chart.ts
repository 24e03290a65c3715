/** Any chart of a question, drawn by its kind. */

import type { Measured } from '../html/measured.js';
import type { Chart } from '../question.js';
import { drawBars } from './bars.js';
import type { Drawing, Shape } from './drawing.js';
import { drawLatencies } from './latencies.js';
import { drawLines } from './lines.js';

export function drawChart(chart: Chart, measured: Measured, shape: Shape, id: string): Drawing {
  switch (chart.kind) {
    case 'bars':
      return drawBars(chart, measured, shape, id);
    case 'lines':
      return drawLines(chart, measured, shape, id);
    case 'latencies':
      return drawLatencies(chart, measured, shape, id);
  }
}

/**
 * Horizontal bars: the median long, least and most as a whisker, the limit a dashed line across. Lengths begin at zero.
 *
 * Wide: label, bar, figure side by side. Narrow: label and figure above the bar. What was not measured says so and has no bar.
 */
import * as Plot from '@observablehq/plot';
import { format, type Summary, unitOf } from '../figures.js';
import { exact, type Measured } from '../html/measured.js';
import type { BarChart } from '../question.js';
import { type Drawing, draw, type Frame, type Shape, smallSize, textAt, textSize } from './drawing.js';
import { roundTicks, textWidth, wrap } from './letters.js';

interface Row {
  readonly lines: readonly string[];
  readonly figure: Summary | undefined;
  readonly value: string;
  readonly isOurs: boolean;
  /** Ours, and others stand beside it. */
  readonly isStrong: boolean;
  /** Pixels: of the row's top, and of the bar's middle. */
  readonly top: number;
  readonly bar: number;
}

interface Layout {
  readonly frame: Frame;
  readonly rows: readonly Row[];
  /** Where lines may go from top to bottom without crossing letters, in pixels. */
  readonly free: readonly { readonly from: number; readonly to: number }[];
}

const lineHeight = 17;
const barHeight = 16;
const missing = 'not measured';
const mostLabelWidth = 270;

export function drawBars(chart: BarChart, measured: Measured, shape: Shape, id: string): Drawing {
  const limit = chart.limit && measured.summary(chart.limit.result, chart.limit.figure);
  const limitText = limit && `${chart.limit?.label}: ${format(chart.figure, limit.median)}`;
  const limitLines = limitText === undefined ? [] : wrap(limitText, shape.width - 16, smallSize);
  const top = 8 + limitLines.length * lineHeight;
  const { frame, rows, free } = shape.name === 'wide' ? besides(chart, measured, shape, top) : above(chart, measured, shape, top);
  const most = Math.max(0, limit?.max ?? 0, ...rows.map(({ figure }) => figure?.max ?? 0)) || 1;
  const inner = frame.width - frame.left - frame.right;
  const across = (value: number): number => frame.left + (value / most) * inner;

  const marks: Plot.Markish[] = [...axis(chart.figure, { frame, rows, free }, most, across)];
  for (const row of rows) marks.push(...rowMarks(row, frame, shape, across));
  if (limit !== undefined) {
    marks.push(
      Plot.rect(free, { x1: limit.min, x2: limit.max, y1: 'from', y2: 'to', fill: 'var(--limit)', fillOpacity: 0.13 }),
      Plot.ruleX(free, { x: limit.median, y1: 'from', y2: 'to', ...limitStroke }),
    );
    const width = Math.max(...limitLines.map((line) => textWidth(line, smallSize)));
    const middle = Math.min(Math.max(across(limit.median), width / 2 + 4), frame.width - width / 2 - 4);
    limitLines.forEach((line, i) => {
      marks.push(textAt(frame, middle, 8 + i * lineHeight, line, { fill: 'var(--limit)', size: smallSize, anchor: 'middle' }));
    });
  }
  const scales = { x: { domain: [0, most], axis: null }, y: { type: 'identity' as const, axis: null } };
  return draw(frame, { ...scales, marks }, { id, title: chart.title, description: describe(chart, rows, limitText) });
}

const limitStroke = { stroke: 'var(--limit)', strokeWidth: 1.5, strokeDasharray: '5 3' };

function besides(chart: BarChart, measured: Measured, { width }: Shape, top: number): Layout {
  const labels = chart.bars.map((bar) => wrap(bar.label, mostLabelWidth, textSize, isStrong(chart, bar)));
  const labelWidth = Math.max(...chart.bars.map((bar, i) => widest(labels[i] ?? [], isStrong(chart, bar))));
  const rows: Row[] = [];
  let y = top + 4;
  chart.bars.forEach((bar, i) => {
    const lines = labels[i] ?? [];
    const height = Math.max(30, lines.length * lineHeight + 10);
    rows.push({ ...read(chart, bar, measured), lines, top: y, bar: y + height / 2 });
    y += height;
  });
  const right = Math.max(40, ...rows.map((row) => textWidth(row.value, textSize, row.isStrong))) + 14;
  const frame = { width, height: y + 30, top, right, bottom: 26, left: labelWidth + 14 };
  return { frame, rows, free: [{ from: top - 3, to: frame.height - frame.bottom }] };
}

function above(chart: BarChart, measured: Measured, { width }: Shape, top: number): Layout {
  const rows: Row[] = [];
  let y = top + 6;
  for (const bar of chart.bars) {
    const row = read(chart, bar, measured);
    const room = width - textWidth(row.value, textSize, row.isStrong) - 14;
    const lines = wrap(bar.label, room, textSize, row.isStrong);
    rows.push({ ...row, lines, top: y, bar: y + lines.length * lineHeight + 3 + barHeight / 2 });
    y += lines.length * lineHeight + barHeight + 16;
  }
  const free = rows.map(({ bar }) => ({ from: bar - barHeight / 2 - 2, to: bar + barHeight / 2 + 5 }));
  return { frame: { width, height: y + 20, top, right: 6, bottom: 26, left: 1 }, rows, free };
}

type Bar = BarChart['bars'][number];

function read(chart: BarChart, bar: Bar, measured: Measured): Pick<Row, 'figure' | 'value' | 'isOurs' | 'isStrong'> {
  const figure = measured.summary(bar.result, chart.figure);
  const value = figure === undefined ? missing : format(chart.figure, figure.median);
  return { figure, value, isOurs: bar.isOurs === true, isStrong: isStrong(chart, bar) };
}

function isStrong({ bars }: BarChart, { isOurs }: Bar): boolean {
  return isOurs === true && bars.some((bar) => bar.isOurs !== true);
}

function widest(lines: readonly string[], isBold = false): number {
  return Math.max(0, ...lines.map((line) => textWidth(line, textSize, isBold)));
}

function axis(figure: string, { frame, free }: Layout, most: number, across: (value: number) => number): Plot.Markish[] {
  const { text } = unitOf(figure);
  const ticks = fittingTicks(figure, most, across);
  const y = frame.height - frame.bottom;
  const marks: Plot.Markish[] = [
    ...ticks.map(({ value }) => Plot.ruleX(free, { x: value, y1: 'from', y2: 'to', stroke: 'var(--grid)' })),
    Plot.ruleX(free, { x: 0, y1: 'from', y2: 'to', stroke: 'var(--line)', strokeWidth: 1.5 }),
  ];
  ticks.forEach((tick, i) => {
    const label = i === ticks.length - 1 ? `${tick.text}${text}` : tick.text;
    const half = textWidth(label, smallSize) / 2;
    const x = Math.min(Math.max(across(tick.value), half + 1), frame.width - half - 1);
    marks.push(textAt(frame, x, y + 15, label, { fill: 'var(--soft)', size: smallSize, anchor: 'middle' }));
  });
  return marks;
}

/** As many as have room for their names, but not more than the eye needs. */
function fittingTicks(figure: string, most: number, across: (value: number) => number): { value: number; text: string }[] {
  const { text, scale } = unitOf(figure);
  for (let count = 5; count > 1; count--) {
    const ticks = roundTicks(0, most * scale, count).map((shown) => ({ value: shown / scale, text: exact(shown) }));
    const room = across(ticks[1]?.value ?? most) - across(0);
    if (ticks.every((tick) => textWidth(tick.text + text, smallSize) + 10 < room)) return ticks;
  }
  return [{ value: 0, text: '0' }];
}

function rowMarks(row: Row, frame: Frame, shape: Shape, across: (value: number) => number): Plot.Markish[] {
  const { figure, bar, isOurs, isStrong } = row;
  const isWide = shape.name === 'wide';
  const ink = isStrong ? 'var(--ours)' : 'var(--ink)';
  const middle = isWide ? bar - ((row.lines.length - 1) * lineHeight) / 2 : row.top + lineHeight / 2;
  const marks = row.lines.map((line, i) =>
    textAt(frame, isWide ? frame.left - 10 : 1, middle + i * lineHeight, line, {
      fill: ink,
      isBold: isStrong,
      anchor: isWide ? 'end' : 'start',
    }),
  );
  const valueAt = isWide ? bar : row.top + lineHeight / 2;
  const fill = figure === undefined ? 'var(--soft)' : ink;
  marks.push(textAt(frame, frame.width - 1, valueAt, row.value, { fill, isBold: isStrong && figure !== undefined, anchor: 'end' }));
  if (figure === undefined) return marks;
  marks.push(
    Plot.rect([figure], {
      x1: 0,
      x2: 'median',
      y1: bar - barHeight / 2,
      y2: bar + barHeight / 2,
      fill: isOurs ? 'var(--ours)' : 'var(--bar)',
      rx2: 2,
    }),
  );
  // A whisker narrower than its own ends would be a blot.
  if (across(figure.max) - across(figure.min) > 3) {
    const stroke = { stroke: 'var(--ink)', strokeWidth: 1.5 };
    marks.push(
      Plot.rect([figure], { x1: 'min', x2: 'max', y1: bar - 0.75, y2: bar + 0.75, fill: 'var(--ink)' }),
      Plot.ruleX([figure.min, figure.max], { y1: bar - 5, y2: bar + 5, ...stroke }),
    );
  }
  return marks;
}

function describe(chart: BarChart, rows: readonly Row[], limitText: string | undefined): string {
  const said = rows.map(({ figure, value }, i) => {
    const label = chart.bars[i]?.label ?? '';
    if (figure === undefined) return `${label}: ${missing}`;
    return `${label}: ${value} (${format(chart.figure, figure.min)} to ${format(chart.figure, figure.max)})`;
  });
  return [...said, ...(limitText === undefined ? [] : [`limit, ${limitText}`])].join('; ');
}

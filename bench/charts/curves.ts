/**
 * Curves with the range of the rounds as a band: what line charts and latency charts have in common.
 *
 * Each curve has a colour, a dash and a marker, and is named where it ends (wide) or above the plot (narrow). Names keep apart: those
 * that would overlap are moved, the marker beside the name tells whose it is.
 */
import * as Plot from '@observablehq/plot';
import type { Summary } from '../figures.js';
import { exact } from '../html/measured.js';
import { type LineStyle, lineStyle } from '../html/palette.js';
import { type Drawing, draw, type Frame, type Shape, type Subject, smallSize, textAt, textSize } from './drawing.js';
import { powerTicks, roundTicks, textWidth, wrap } from './letters.js';

export interface Point extends Summary {
  readonly x: number;
}

export interface Curve {
  readonly label: string;
  readonly isOurs: boolean;
  /** Only what was measured, in the order of x. */
  readonly points: readonly Point[];
}

export interface Axes {
  readonly x: { readonly label: string; readonly isLogarithmic: boolean; readonly ticks: readonly Tick[] };
  /** `scale`: figure to unit. */
  readonly y: { readonly label: string; readonly isLogarithmic: boolean; readonly scale: number };
  readonly limit: { readonly label: string; readonly figure: Summary } | undefined;
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

type Domain = readonly [number, number];

/** A name with a sample of what it names. */
interface Name {
  readonly text: string;
  readonly colour: string;
  /** Undefined: the limit, which has a line. */
  readonly symbol: LineStyle['symbol'] | undefined;
  readonly isStrong: boolean;
  /** Where its line ends, as a figure. */
  readonly end: number;
}

interface Key extends Name {
  readonly lines: readonly string[];
  /** Pixels: of the sample's left side, and of the middle of the first line. */
  readonly x: number;
  readonly y: number;
}

const lineHeight = 16;
const nameGap = 5;
const sampleRoom = 17;
const mostLabelWidth = 190;
const plotHeight = { wide: 300, narrow: 220 };

export function drawCurves(curves: readonly Curve[], axes: Axes, shape: Shape, subject: Subject): Drawing {
  const styles = stylesOf(curves);
  const names = namesOf(curves, styles, axes);
  const domain = { x: xDomain(curves, axes), y: yDomain(curves, axes) };
  const ticks = yTicks(axes, domain.y);
  const legend = shape.name === 'narrow' ? legendKeys(names, shape.width) : { keys: [], height: 0 };
  const top = legend.height + 30;
  const frame: Frame = {
    width: shape.width,
    height: top + Math.max(plotHeight[shape.name], shape.name === 'wide' ? namesHeight(names) - 26 : 0) + 46,
    top,
    right: shape.name === 'narrow' ? 14 : Math.max(...names.map(widthOf)) + sampleRoom + 18,
    bottom: 46,
    left: Math.max(...ticks.map(({ text }) => textWidth(text, smallSize))) + 12,
  };
  const place = {
    x: placer(domain.x, axes.x.isLogarithmic, frame.left, frame.width - frame.right),
    y: placer(domain.y, axes.y.isLogarithmic, frame.height - frame.bottom, frame.top),
  };
  const keys = shape.name === 'narrow' ? legend.keys : endKeys(names, frame, place.y);
  const marks: Plot.Markish[] = [
    ...axisMarks(axes, ticks, frame, place),
    // Ours last, on top of the others.
    ...[false, true].flatMap((isOurs) =>
      curves.flatMap((curve, i) => (curve.isOurs === isOurs ? curveMarks(curve, styles[i] ?? lineStyle(isOurs, i)) : [])),
    ),
    ...(axes.limit === undefined ? [] : [Plot.ruleY([axes.limit.figure.median], limitStroke)]),
    ...keys.flatMap((key) => keyMarks(key, frame)),
  ];
  const options: Plot.PlotOptions = {
    x: { type: axes.x.isLogarithmic ? 'log' : 'linear', domain: domain.x, axis: null },
    y: { type: axes.y.isLogarithmic ? 'log' : 'linear', domain: domain.y, axis: null },
    marks,
  };
  return draw(frame, options, subject);
}

const limitStroke = { stroke: 'var(--limit)', strokeWidth: 1.5, strokeDasharray: '5 3' };

function namesOf(curves: readonly Curve[], styles: readonly LineStyle[], { limit }: Axes): Name[] {
  const names = curves.map(({ label, isOurs, points }, i): Name => {
    const { colour, symbol } = styles[i] ?? lineStyle(isOurs, i);
    return { text: label, colour, symbol, isStrong: isOurs, end: points.at(-1)?.median ?? 0 };
  });
  if (limit === undefined) return names;
  const { label, figure } = limit;
  return [...names, { text: label, colour: 'var(--limit)', symbol: undefined, isStrong: false, end: figure.median }];
}

function linesOf({ text, isStrong }: Name, width = mostLabelWidth): string[] {
  return wrap(text, width, textSize, isStrong);
}

function widthOf(name: Name): number {
  return Math.max(...linesOf(name).map((line) => textWidth(line, textSize, name.isStrong)));
}

/** Of all names below each other. */
function namesHeight(names: readonly Name[]): number {
  return names.reduce((sum, name) => sum + linesOf(name).length * lineHeight + nameGap, 0);
}

/** Figure to pixel, as the plot's own scale does it. */
function placer([low, high]: Domain, isLogarithmic: boolean, from: number, to: number): (value: number) => number {
  return (value) => {
    const part = isLogarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return from + part * (to - from);
  };
}

function yTicks({ y }: Axes, [low, high]: Domain): Tick[] {
  const shown = y.isLogarithmic ? powerTicks(low * y.scale, high * y.scale) : roundTicks(low * y.scale, high * y.scale, 5);
  return shown.map((value) => ({ at: value / y.scale, text: exact(value) }));
}

function stylesOf(curves: readonly Curve[]): LineStyle[] {
  const counts = { ours: 0, others: 0 };
  return curves.map(({ isOurs }) => lineStyle(isOurs, isOurs ? counts.ours++ : counts.others++));
}

function xDomain(curves: readonly Curve[], axes: Axes): [number, number] {
  const at = [...curves.flatMap(({ points }) => points.map(({ x }) => x)), ...axes.x.ticks.map((tick) => tick.at)];
  const [low, high] = [Math.min(...at), Math.max(...at)];
  if (axes.x.isLogarithmic) return low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.02, high * (high / low) ** 0.02];
  const room = (high - low) * 0.02 || 1;
  return [low - room, high + room];
}

function yDomain(curves: readonly Curve[], { y, limit }: Axes): [number, number] {
  const points = curves.flatMap((curve) => curve.points);
  const high = Math.max(...points.map(({ max }) => max), limit?.figure.median ?? 0);
  if (!y.isLogarithmic) return [0, high * 1.06 || 1];
  const low = Math.min(...points.map(({ min }) => min), limit?.figure.median ?? Number.POSITIVE_INFINITY);
  const factor = Math.max(1.1, (high / low) ** 0.06);
  return [low / factor, high * factor];
}

interface Place {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function axisMarks({ x, y }: Axes, ticks: readonly Tick[], frame: Frame, place: Place): Plot.Markish[] {
  const bottom = frame.height - frame.bottom;
  const soft = { fill: 'var(--soft)', size: smallSize };
  const marks: Plot.Markish[] = [
    Plot.ruleY(
      ticks.map(({ at }) => at),
      { stroke: 'var(--grid)' },
    ),
    Plot.ruleX(
      x.ticks.map(({ at }) => at),
      { stroke: 'var(--grid)' },
    ),
    ...ticks.map(({ at, text }) => textAt(frame, frame.left - 8, place.y(at), text, { ...soft, anchor: 'end' })),
    textAt(frame, 1, frame.top - 18, y.label, soft),
    textAt(frame, (frame.left + frame.width - frame.right) / 2, frame.height - 8, x.label, { ...soft, anchor: 'middle' }),
  ];
  let free = 0;
  for (const { at, text } of x.ticks) {
    const half = textWidth(text, smallSize) / 2;
    const middle = Math.min(Math.max(place.x(at), half + 1), frame.width - half - 1);
    if (middle - half < free) continue;
    free = middle + half + 6;
    marks.push(textAt(frame, middle, bottom + 16, text, { ...soft, anchor: 'middle' }));
  }
  return marks;
}

function curveMarks({ points, isOurs }: Curve, { colour, dash, symbol }: LineStyle): Plot.Markish[] {
  const width = isOurs ? 2.5 : 1.5;
  return [
    Plot.areaY([...points], { x: 'x', y1: 'min', y2: 'max', fill: colour, fillOpacity: isOurs ? 0.16 : 0.1 }),
    Plot.lineY([...points], {
      x: 'x',
      y: 'median',
      stroke: colour,
      strokeWidth: width,
      ...(dash === '' ? {} : { strokeDasharray: dash }),
    }),
    Plot.dot([...points], { x: 'x', y: 'median', symbol, r: isOurs ? 4 : 3, fill: colour, stroke: 'var(--card)', strokeWidth: 1 }),
  ];
}

/** Rows of names above the plot. */
function legendKeys(names: readonly Name[], width: number): { keys: Key[]; height: number } {
  const keys: Key[] = [];
  let x = 0;
  let y = 8;
  for (const name of names) {
    const lines = linesOf(name, width - sampleRoom - 4);
    const taken = sampleRoom + Math.max(...lines.map((each) => textWidth(each, textSize, name.isStrong)));
    if (x > 0 && (x + taken > width || lines.length > 1)) {
      x = 0;
      y += lineHeight + 4;
    }
    keys.push({ ...name, lines, x, y });
    x += taken + 16;
    y += (lines.length - 1) * lineHeight;
    if (lines.length > 1) x = width;
  }
  return { keys, height: y + 16 };
}

/** Names beside the last points, moved apart. */
function endKeys(names: readonly Name[], frame: Frame, place: (value: number) => number): Key[] {
  const boxes = names
    .map((name) => ({ name, lines: linesOf(name), middle: place(name.end) }))
    .map((box) => ({ ...box, height: box.lines.length * lineHeight + nameGap }))
    .sort((a, b) => a.middle - b.middle);
  const tops = spread(boxes, frame.top - 10, frame.height - frame.bottom + 20);
  return boxes.map(({ name, lines }, i) => ({
    ...name,
    lines,
    x: frame.width - frame.right + 12,
    y: (tops[i] ?? 0) + 2 + lineHeight / 2,
  }));
}

/** Tops of boxes, each as near to its middle as its neighbours let it, all within a range where they fit. */
export function spread(boxes: readonly { middle: number; height: number }[], low: number, high: number): number[] {
  const tops: number[] = [];
  let free = low;
  for (const { middle, height } of boxes) {
    tops.push(Math.max(free, middle - height / 2));
    free = (tops.at(-1) ?? 0) + height;
  }
  let end = high;
  for (let i = boxes.length - 1; i >= 0; i--) {
    const height = boxes[i]?.height ?? 0;
    tops[i] = Math.min(tops[i] ?? 0, end - height);
    end = tops[i] ?? 0;
  }
  return tops;
}

function keyMarks({ lines, colour, symbol, isStrong, x, y }: Key, frame: Frame): Plot.Markish[] {
  const at = { frameAnchor: 'top-left' as const, dy: y - frame.top };
  const sample =
    symbol === undefined
      ? textAt(frame, x, y, '––', { fill: colour, size: 11, isBold: true })
      : Plot.dot([0], { ...at, dx: x + 6 - frame.left, symbol, r: 4, fill: colour });
  const fill = isStrong || symbol === undefined ? colour : 'var(--ink)';
  return [sample, ...lines.map((line, i) => textAt(frame, x + sampleRoom, y + i * lineHeight, line, { fill, isBold: isStrong }))];
}

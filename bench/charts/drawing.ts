/**
 * The ground that charts are drawn on: a document without a browser, two shapes (a wide one, and one for a phone, where text keeps its
 * size), text placed by pixel, and the finished SVG with its role, title and description.
 *
 * A chart is made of Plot's marks. Scales and paths are Plot's; what must not overlap (labels) is placed by who draws the chart, by
 * the widths of letters.ts, because nothing can be measured here.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { fontFamily } from '../html/palette.js';

export interface Shape {
  readonly name: 'wide' | 'narrow';
  readonly width: number;
}

export const wide: Shape = { name: 'wide', width: 880 };
export const narrow: Shape = { name: 'narrow', width: 340 };

export const textSize = 13;
export const smallSize = 12;

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export interface Drawing {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
  /** What the chart shows, in words and figures. */
  readonly description: string;
}

export interface Lettering {
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly isBold?: boolean;
}

/** Text with the middle of its line at a pixel. */
export function textAt(frame: Frame, x: number, y: number, text: string, lettering: Lettering = {}): Plot.Markish {
  return Plot.text([text], {
    frameAnchor: 'top-left',
    dx: x - frame.left,
    dy: y - frame.top,
    textAnchor: lettering.anchor ?? 'start',
    lineAnchor: 'middle',
    fill: lettering.fill ?? 'var(--ink)',
    fontSize: lettering.size ?? textSize,
    ...(lettering.isBold ? { fontWeight: 600 } : {}),
    ariaHidden: 'true',
  });
}

export interface Subject {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

export function draw(frame: Frame, options: Plot.PlotOptions, subject: Subject): Drawing {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    document: document as unknown as Document,
    width: frame.width,
    height: frame.height,
    marginTop: frame.top,
    marginRight: frame.right,
    marginBottom: frame.bottom,
    marginLeft: frame.left,
    ...options,
  });
  svg.querySelector('style')?.remove();
  svg.removeAttribute('class');
  for (const [name, value] of Object.entries({
    role: 'img',
    'aria-labelledby': `${subject.id}-title ${subject.id}-description`,
    'font-family': fontFamily,
    'font-size': String(textSize),
  })) {
    svg.setAttribute(name, value);
  }
  for (const [name, text] of [
    ['description', subject.description],
    ['title', subject.title],
  ] as const) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name === 'title' ? 'title' : 'desc');
    element.setAttribute('id', `${subject.id}-${name}`);
    element.textContent = text;
    svg.insertBefore(element as unknown as Node, svg.firstChild);
  }
  for (const group of svg.querySelectorAll('[aria-label]')) group.removeAttribute('aria-label');
  return { svg: svg.outerHTML, width: frame.width, height: frame.height, description: subject.description };
}

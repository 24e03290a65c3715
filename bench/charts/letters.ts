/**
 * How wide text will be, before anything is there to draw it: widths of a wide sans serif, so that what fits here fits with other fonts too.
 */
import { bind } from '../html/markup.js';

const narrow = new Set([..."ijlI.,:;'|!"]);
const slim = new Set([...'frt()[]{}/-·\\ \u00a0']);
const broad = new Set([...'mwMW%@—→']);

/** In pixels. */
export function textWidth(text: string, size: number, isBold = false): number {
  let width = 0;
  for (const letter of text) {
    if (narrow.has(letter)) width += 0.34;
    else if (slim.has(letter)) width += 0.4;
    else if (broad.has(letter)) width += 0.97;
    else width += /[A-ZÄÖÜ]/.test(letter) ? 0.71 : 0.635;
  }
  return width * size * (isBold ? 1.09 : 1);
}

/** Breaks at spaces, into the fewest lines, all about as long; a word that is wider than a line is broken too. */
export function wrap(text: string, width: number, size: number, isBold = false): string[] {
  const letters = bind(text)
    .split(' ')
    .flatMap((word) => pieces(word, width, size, isBold));
  let lines = fill(letters, width, size, isBold);
  for (let narrower = width * 0.95; narrower > width * 0.4; narrower *= 0.95) {
    const shorter = fill(letters, narrower, size, isBold);
    if (shorter.length > lines.length) break;
    lines = shorter;
  }
  return lines;
}

function fill(words: readonly string[], width: number, size: number, isBold: boolean): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, size, isBold) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function pieces(word: string, width: number, size: number, isBold: boolean): string[] {
  const parts: string[] = [''];
  for (const letter of word) {
    const longer = `${parts.at(-1)}${letter}`;
    if (parts.at(-1) === '' || textWidth(longer, size, isBold) <= width) parts[parts.length - 1] = longer;
    else parts.push(letter);
  }
  return parts;
}

/** Round numbers within a range, about `count` of them. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, i) => (first + i) * step);
}

/** Powers of ten within a range; with their doubles and halves where there are few. */
export function powerTicks(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const factors = decades > 2.5 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
    ticks.push(...factors.map((each) => each * 10 ** power));
  return ticks.filter((each) => each >= low && each <= high);
}

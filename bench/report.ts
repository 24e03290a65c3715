/** The run as text to read, or as JSON for a machine. Every figure is the median of the rounds, with the least and the most. */
import type { Conditions } from './conditions.js';
import { format, type Series, spell, summarize } from './figures.js';
import type { Goal } from './goals.js';
import type { Result } from './harness.js';

export interface Report {
  readonly conditions: Conditions;
  readonly rounds: number;
  readonly results: readonly Result[];
  readonly goals: readonly Goal[];
}

const headings: Readonly<Record<string, string>> = {
  limit: "The machine's own limits",
  append: 'Appends a second, async flush',
  durable: 'Durable appends',
  read: 'Sequential reads',
  tags: 'Reading by tag, entries a second',
  time: 'Searches by store time',
  transfer: 'From the log to a socket (sender and receiver share the processors)',
  follow: 'Following',
  reopen: 'Reopening',
  idle: 'Idle',
};

const titleWidth = 48;
const cellsWidth = 90;

export function toText(report: Report): string {
  const lines: string[] = Object.entries(report.conditions).map(([name, value]) => `${`${name}:`.padEnd(13)}${value}`);
  let group = '';
  for (const result of report.results) {
    const [next = ''] = result.name.split('/');
    if (next !== group) lines.push('', headings[next] ?? next);
    group = next;
    lines.push(...resultLines(result));
  }
  lines.push('', `Goals (medians of ${report.rounds} rounds, computed round by round)`, ...report.goals.map(goalLine));
  return `${lines.join('\n')}\n`;
}

function resultLines({ title, figures }: Result): string[] {
  return cellLines(title, cellsOf(figures));
}

/** Each figure with its least and most; memory, the most of all rounds, last. */
export function cellsOf(figures: Result['figures']): string[] {
  const { memoryMiB, ...shown } = figures;
  const cells = Object.entries(shown).map(([name, series]) => `${label(name)}${ranged(name, series)}`);
  if (memoryMiB !== undefined) cells.push(`RSS ${spell(Math.max(...memoryMiB))} MiB`);
  return cells;
}

/** The title beside its cells, as many in a line as fit. */
export function cellLines(title: string, cells: readonly string[]): string[] {
  const lines = [''];
  for (const cell of cells) {
    const last = lines.at(-1) ?? '';
    if (last === '' || last.length + cell.length > cellsWidth) lines.push(cell);
    else lines[lines.length - 1] = `${last}   ${cell}`;
  }
  const isLong = title.length >= titleWidth;
  const beside = lines.slice(1).map((line, i) => `  ${(i === 0 && !isLong ? title : '').padEnd(titleWidth)}${line}`);
  return isLong ? [`  ${title}`, ...beside] : beside;
}

/** `bareOpenMillis` → `bare open `; rates need no name, their unit says it. */
function label(name: string): string {
  const words = name
    .replace(/(Micros|Millis|MiB|KiB|BytesPerSecond|bytesPerSecond|PerSecond|NanosPerKilobyte|nanosPerCall|Percent)$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return ['', 'messages', 'entries', 'records', 'writes', 'body', 'millis'].includes(words) ? '' : `${words} `;
}

function ranged(name: string, series: Series): string {
  const { median, min, max } = summarize(series);
  const value = format(name, median);
  return min === max ? value : `${value} (${strip(format(name, min))}–${strip(format(name, max))})`;
}

function strip(text: string): string {
  return text.replace(/ ?[^\d ].*$/, (unit) => (unit.startsWith('.') ? unit.replace(/ \D*$/, '') : ''));
}

export function goalLine({ title, target, reach, series, value, reached }: Goal): string {
  const { min, max } = summarize(series);
  const range = series.length < 2 ? '' : ` (${spell(min)}–${spell(max)})`;
  const verdict = reached === undefined ? 'not measured' : reached ? 'yes' : 'NO';
  const measured = reached === undefined ? '' : `${spell(value)}${range}`;
  return `  ${verdict.padEnd(13)}${title.padEnd(70)} ${reach} ${spell(target)}${measured === '' ? '' : `: ${measured}`}`;
}

export function toJson(report: Report): string {
  const results = report.results.map(({ name, title, figures }) => ({
    name,
    title,
    figures: Object.fromEntries(
      Object.entries(figures).map(([figure, series]) => [figure, { ...summarize(series), rounds: series }]),
    ),
  }));
  return `${JSON.stringify({ conditions: report.conditions, rounds: report.rounds, results, goals: report.goals }, null, 2)}\n`;
}

/**
 * The answers as text for a terminal: conditions and peers, a table for each question, the verdicts.
 *
 * Every figure is the median of the rounds with the least and the most; a fraction of a limit is computed round by round.
 */
import { combine, spell, summarize } from './figures.js';
import type { Result } from './harness.js';
import { questionOf } from './progress.js';
import type { Answers, Limit, PeerNote, Verdict } from './question.js';
import { cellLines, cellsOf, goalLine } from './report.js';

const width = 132;
const nameWidth = 15;

export function toText(answers: Answers): string {
  const { conditions, peers, questions, results, rounds, verdicts, failures = [] } = answers;
  const measured = results.filter(({ figures }) => Object.keys(figures).length > 0);
  const lines = Object.entries(conditions).flatMap(([name, value]) => labelled(name, value));
  if (peers.length > 0) lines.push('', 'Peers', ...peers.flatMap(peerLines));
  for (const question of questions) {
    const own = measured.filter(({ name }) => questionOf(name) === question.name);
    lines.push('', question.title, ...wrapped(question.how, '  '));
    for (const result of own) lines.push(...resultLines(result, question.heldAgainst[result.name], measured));
    if (own.length === 0) lines.push('  nothing was measured');
  }
  const limits = measured.filter(({ name }) => name.startsWith('limit/'));
  if (limits.length > 0)
    lines.push('', "The machine's own limits", ...limits.flatMap(({ title, figures }) => cellLines(title, cellsOf(figures))));
  if (failures.length > 0) {
    lines.push('', 'Left out');
    for (const { result, reason } of failures) lines.push(...wrapped(`${result}: ${reason.split('\n')[0]}`, '  '));
  }
  const heading = `Targets (medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, computed round by round)`;
  lines.push('', heading, ...verdicts.map(goalLine), ...summary(verdicts));
  return `${lines.join('\n')}\n`;
}

function resultLines(result: Result, limit: Limit | undefined, results: readonly Result[]): string[] {
  const cells = cellsOf(result.figures);
  const fraction = limit === undefined ? undefined : fractionOf(result, limit, results);
  if (fraction !== undefined) cells.push(fraction);
  return cellLines(result.title, cells);
}

/** `0.83 of pwrite of 256 KiB`; undefined where one of both was not measured. */
export function fractionOf(result: Result, limit: Limit, results: readonly Result[]): string | undefined {
  const bound = results.find(({ name }) => name === limit.result);
  const series = combine((a, b) => a / b, result.figures[limit.of] ?? [], bound?.figures[limit.figure] ?? []);
  if (bound === undefined || series.length === 0) return undefined;
  return `${spell(summarize(series).median)} of ${bound.title}`;
}

function peerLines({ name, version, configuration, isMissing }: PeerNote): string[] {
  return labelled(version === '' ? name : `${name} ${version}`, isMissing ? `left out: ${configuration}` : configuration);
}

function labelled(name: string, text: string): string[] {
  const label = `${name}:`;
  const [first = '', ...rest] = wrapped(text, ' '.repeat(nameWidth));
  const begin = label.length < nameWidth ? label.padEnd(nameWidth) : `${label} `;
  return [begin + first.trimStart(), ...rest];
}

function summary(verdicts: readonly Verdict[]): string[] {
  const count = (reached: Verdict['reached']): number => verdicts.filter((each) => each.reached === reached).length;
  return ['', `${count(true)} reached, ${count(false)} not reached, ${count(undefined)} not measured`];
}

/** At spaces, each line behind `indent`. */
export function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(indent + word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

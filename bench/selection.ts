/**
 * Which probes of which questions run, and in which order. Plain functions; nothing here runs a probe.
 *
 * A probe that two questions name alike is taken from the first. A limit is put right before the first probe that is held against it:
 * what happens to the machine meanwhile happens to both.
 */
import type { Probe, Result } from './harness.js';
import type { Chart, Question } from './question.js';

/** A question and the probes that it made for this run. */
export interface Asked {
  readonly question: Question;
  readonly probes: readonly Probe[];
}

/** Those among which probes may be wanted: making a question's probes can take a while. */
export function questionsFor(questions: readonly Question[], only: readonly string[] | undefined): readonly Question[] {
  if (only === undefined) return questions;
  const names = new Set(questions.map(({ name }) => name));
  const canHold = (question: Question, text: string): boolean => {
    if (names.has(text)) return text === question.name;
    const [prefix = ''] = text.split('/');
    return !text.includes('/') || !names.has(prefix) || prefix === question.name;
  };
  return questions.filter((question) => only.some((text) => canHold(question, text)));
}

/**
 * The probes that were asked for, each once, with the limits that they are held against, in the order to run them in. A long one runs
 * only where its whole name is given.
 */
export function selected(asked: readonly Asked[], only: readonly string[] | undefined): readonly Probe[] {
  const names = new Set(asked.map(({ question }) => question.name));
  const byName = new Map<string, Probe>();
  for (const { probes } of asked) for (const probe of probes) if (!byName.has(probe.name)) byName.set(probe.name, probe);
  const isWanted = (question: Question, { name, isLong }: Probe): boolean => {
    if (isLong) return only?.includes(name) ?? false;
    return only?.some((text) => (names.has(text) ? text === question.name : name.includes(text))) ?? true;
  };
  const chosen = new Map<string, Probe>();
  const take = (name: string | undefined): void => {
    const probe = name === undefined ? undefined : byName.get(name);
    if (probe !== undefined && !chosen.has(probe.name)) chosen.set(probe.name, probe);
  };
  for (const { question, probes } of asked) {
    const wanted = probes.filter((probe) => isWanted(question, probe));
    const isLimit = ({ name }: Probe): boolean => name.startsWith('limit/');
    for (const { name } of wanted.filter((probe) => !isLimit(probe))) {
      take(question.heldAgainst[name]?.result);
      take(name);
    }
    for (const { name } of wanted.filter(isLimit)) take(name);
  }
  return [...chosen.values()];
}

/** What a question leaves in the answers: no bar, line or fraction of something that has no figures. */
export function answered(question: Question, results: readonly Result[]): Omit<Question, 'probes'> {
  const measured = new Map(results.map(({ name, figures }) => [name, figures]));
  const has = (result: string, figure: string): boolean => (measured.get(result)?.[figure]?.length ?? 0) > 0;
  const { name, title, how } = question;
  const heldAgainst = Object.fromEntries(
    Object.entries(question.heldAgainst).filter(([result, limit]) => has(result, limit.of) && has(limit.result, limit.figure)),
  );
  return { name, title, how, heldAgainst, charts: question.charts.flatMap((chart) => drawable(chart, has)) };
}

function drawable(chart: Chart, has: (result: string, figure: string) => boolean): Chart[] {
  if (chart.kind === 'latencies') {
    const curves = chart.curves.filter(({ result }) => has(result, 'p50Micros'));
    return curves.length === 0 ? [] : [{ ...chart, curves }];
  }
  const { limit, ...rest } = chart;
  const kept = limit !== undefined && has(limit.result, limit.figure) ? { limit } : {};
  if (rest.kind === 'bars') {
    const bars = rest.bars.filter(({ result }) => has(result, rest.figure));
    return bars.length === 0 ? [] : [{ ...rest, bars, ...kept }];
  }
  const lines = rest.lines
    .map((line) => ({ ...line, points: line.points.filter(({ result }) => has(result, rest.figure)) }))
    .filter(({ points }) => points.length > 0);
  return lines.length === 0 ? [] : [{ ...rest, lines, ...kept }];
}

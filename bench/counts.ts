/**
 * Counts of instructions held against a baseline: what changed by more than the tolerance, either way, and the table that says so.
 *
 * Fewer instructions than the baseline fail too: the baseline has to follow, or the next change could give the gain away unnoticed.
 * Nothing is counted here; instructions.ts does that.
 */

export interface Baseline {
  /** What the counts depend on beside the code: others are not comparable. */
  readonly compiler: string;
  readonly architecture: string;
  /** The way that checksums take (native/engine/crc32.cc). */
  readonly checksums: string;
  /** Instructions of one operation by case. */
  readonly instructions: Readonly<Record<string, number>>;
}

export interface Count {
  readonly name: string;
  readonly title: string;
  readonly instructions: number;
}

export interface Change {
  readonly name: string;
  readonly title: string;
  readonly before: number | undefined;
  readonly now: number | undefined;
  readonly verdict: 'same' | 'more' | 'fewer' | 'new' | 'gone';
}

export const tolerance = 0.03;

/** Why counts made under `now` say nothing about the baseline; undefined when they do. */
export function incomparable(baseline: Baseline, now: Omit<Baseline, 'instructions'>): string | undefined {
  const differs = (['architecture', 'compiler', 'checksums'] as const).filter((each) => baseline[each] !== now[each]);
  if (differs.length === 0) return undefined;
  return differs.map((each) => `${each}: the baseline has ${baseline[each]}, here is ${now[each]}`).join('; ');
}

export function compare(baseline: Baseline, counts: readonly Count[]): Change[] {
  const changes = counts.map(({ name, title, instructions: now }): Change => {
    const before = baseline.instructions[name];
    return { name, title, before, now, verdict: verdictOf(before, now) };
  });
  const gone = Object.entries(baseline.instructions).filter(([name]) => !counts.some((count) => count.name === name));
  return [...changes, ...gone.map(([name, before]): Change => ({ name, title: '', before, now: undefined, verdict: 'gone' }))];
}

function verdictOf(before: number | undefined, now: number): Change['verdict'] {
  if (before === undefined) return 'new';
  if (now > before * (1 + tolerance)) return 'more';
  return now < before * (1 - tolerance) ? 'fewer' : 'same';
}

export function countsTable(changes: readonly Change[]): string {
  const name = Math.max(...changes.map((change) => change.name.length));
  const lines = changes.map(({ name: text, title, before, now, verdict }) => {
    const change =
      before === undefined || now === undefined ? '' : `${now < before ? '' : '+'}${((now / before - 1) * 100).toFixed(1)} %`;
    const mark = verdict === 'same' ? '' : verdict;
    return `${text.padEnd(name)} ${spell(before)} ${spell(now)} ${change.padStart(8)}  ${mark.padEnd(5)}  ${title}`.trimEnd();
  });
  return [`${''.padEnd(name)} ${'baseline'.padStart(9)} ${'now'.padStart(9)}`, ...lines].join('\n');
}

function spell(count: number | undefined): string {
  return (count === undefined ? '–' : count.toFixed(1)).padStart(9);
}

/** What to do about it; empty when nothing changed. */
export function advice(changes: readonly Change[]): string {
  const has = (...verdicts: Change['verdict'][]): boolean => changes.some(({ verdict }) => verdicts.includes(verdict));
  const update = 'npm run bench:instructions -- --update';
  if (has('more')) {
    return `More instructions than before. If that is what the change is worth, say so in its commit, with a new baseline: ${update}`;
  }
  return has('fewer', 'new', 'gone') ? `The baseline does not say so yet. Commit a new one with the change: ${update}` : '';
}

/** A probe of a question: a case of the store (caseprobe.ts) in the setting of the run; where there is little time, of few rounds. */
import { type CaseRow, caseProbe } from '../caseprobe.js';
import type { Probe } from '../harness.js';
import type { Setting } from '../question.js';

const quickRounds = 3;

/** A case as a question lists it: its name without the question's. */
export interface Row extends CaseRow {
  readonly isQuick?: boolean;
}

/** Rounds of a probe that needs no more than `most`; undefined: all that there are. */
export function roundsFor({ scale }: Setting, most?: number): number | undefined {
  return scale === 'quick' ? Math.min(most ?? quickRounds, quickRounds) : most;
}

/** What is quick runs always; the rest only where there is time for everything. */
export function chosen<T extends { readonly isQuick?: boolean }>({ scale }: Setting, rows: readonly T[]): readonly T[] {
  return rows.filter(({ isQuick }) => isQuick || scale === 'full');
}

export function storeProbe(setting: Setting, row: CaseRow): Probe {
  const rounds = roundsFor(setting, row.rounds);
  return caseProbe(rounds === undefined ? row : { ...row, rounds }, setting.directory, setting.millis);
}

/** A probe of each row that the scale of the run has time for. */
export function storeProbes(setting: Setting, question: string, rows: readonly Row[]): Probe[] {
  return chosen(setting, rows).map((row) => storeProbe(setting, { ...row, name: `${question}/${row.name}` }));
}

/** Without what its process takes of memory, where that is more of its own than of the store. */
export function withoutMemory(probe: Probe): Probe {
  return {
    ...probe,
    run: async () => {
      const { memoryMiB: _, ...figures } = await probe.run();
      return figures;
    },
  };
}

/**
 * A case of worker.ts as a probe: a process of its own (child.ts) and a directory of its own.
 *
 * The process starts when its probe runs first and lives until the run ends, so that it is warm in later rounds. A `fresh` one starts
 * anew in each round and has to warm itself: for so many that the machine would be full of processes.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from './child.js';
import type { Sample } from './figures.js';
import type { Probe } from './harness.js';

export interface CaseRow {
  readonly name: string;
  readonly title: string;
  /** Which case; see worker.ts. */
  readonly job: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly isFresh?: boolean;
  readonly isLong?: boolean;
  readonly rounds?: number;
}

/** `directory`: of the run; each probe has a folder there, which its case makes and removes. */
export function caseProbe(row: CaseRow, directory: string, millis: number): Probe {
  const { name, title, job, parameters } = row;
  const start = (): Child => new Child({ name: job, directory: join(directory, name.replaceAll('/', '-')), millis, parameters });
  let child: Child | undefined;
  return {
    name,
    title,
    ...(row.rounds === undefined ? {} : { rounds: row.rounds }),
    ...(row.isLong === undefined ? {} : { isLong: row.isLong }),
    run: async () => {
      if (row.isFresh) return once(start());
      child ??= start();
      return child.round();
    },
    close: async () => child?.close(),
  };
}

async function once(child: Child): Promise<Sample> {
  try {
    return await child.round();
  } finally {
    await child.kill();
    await rm(child.job.directory, { recursive: true, force: true });
  }
}

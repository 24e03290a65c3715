/**
 * How long a store of many queues takes to open that was closed properly: made once, then opened each round by a process that has
 * done nothing else. Its files are on the disk and in memory, as those of a store are that was closed a while ago.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from './child.js';
import type { Sample } from './figures.js';
import type { Probe } from './harness.js';
import { settle } from './limits.js';
import type { Setting } from './question.js';

export interface Opening {
  readonly name: string;
  readonly title: string;
  readonly queues: number;
  readonly isLong: boolean;
  readonly rounds?: number | undefined;
}

export function openingProbe(
  { directory: parent, limits }: Pick<Setting, 'directory' | 'limits'>,
  { name, title, queues, isLong, rounds }: Opening,
): Probe {
  const directory = join(parent, name.replaceAll('/', '-'));
  let isMade = false;
  const once = async (job: string): Promise<Sample> => {
    const child = new Child({ name: job, directory, millis: 0, parameters: { queues } });
    try {
      return await child.round();
    } finally {
      await child.close();
    }
  };
  return {
    name,
    title,
    isLong,
    ...(rounds === undefined ? {} : { rounds }),
    run: async () => {
      if (!isMade) {
        await once('queues');
        await settle(limits, false);
      }
      isMade = true;
      return once('clean');
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

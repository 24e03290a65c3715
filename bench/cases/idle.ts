/**
 * What does an open store cost while nobody uses it? Processor time over one second, once the first appends have been settled.
 *
 * The store stays open when the parent lets go of the process: it must end all the same (child.ts, `leave`).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages } from './messages.js';

/** Longer than what the store does on its own after an append: the interval of the flush, the slots, the queue entries. */
const settleMillis = 1500;
const idleMillis = 1000;

export async function idleCase(job: Job): Promise<Case> {
  const store = await MessageStore.open(job.directory);
  await Promise.all(makeMessages(100, 1024).map((message) => store.append(message)));
  return {
    round: async () => {
      await pause(settleMillis);
      const before = process.cpuUsage();
      await pause(idleMillis);
      const { user, system } = process.cpuUsage(before);
      return { cpuPercent: ((user + system) / 1000 / idleMillis) * 100 };
    },
    close: () => store.close(),
  };
}

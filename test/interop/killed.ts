/** Runs writer.mjs on a directory and kills it with SIGKILL in the middle of appending. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Receipt, StoreOptions } from '../../dist/index.js';
import { type Given, queuesOf } from './given.js';

export interface Job {
  directory: string;
  options: StoreOptions;
  batches: Given[][];
  singles: Given[];
}

/** What was acknowledged when the process had ended: at least `killAfter` receipts, in order. */
export async function appendUntilKilled(job: Job, killAfter: number): Promise<Receipt[]> {
  const child = fork(fileURLToPath(new URL('./writer.mjs', import.meta.url)), { serialization: 'advanced', execArgv: [] });
  const receipts: Receipt[] = [];
  child.on('message', (acknowledged: Receipt[]) => {
    receipts.push(...acknowledged);
    if (receipts.length >= killAfter) {
      child.kill('SIGKILL');
    }
  });
  child.send({ ...job, topics: queuesOf });
  const [code, signal] = await once(child, 'exit');
  if (signal !== 'SIGKILL') {
    throw new Error(`the writer ended by itself (${signal ?? code}) after ${receipts.length} receipts`);
  }
  return receipts;
}

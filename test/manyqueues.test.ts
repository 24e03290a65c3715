/** Ten thousand queues, a thousand descriptors: files are opened when they are needed, and memory does not grow with the queues. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { storeFolder } from './storefolder.js';

const child = fileURLToPath(new URL('./children/many-queues.mjs', import.meta.url));
const topics = 100;
const queues = 100;
const perQueue = 3;

interface Told {
  readonly openMs: number;
  readonly workMs: number;
  readonly closeMs: number;
  readonly rss: number;
  readonly descriptors: number;
  readonly messages: number;
  readonly cleanShutdown: boolean;
  readonly rebuiltQueueEntries: number;
}

/** Runs the child under a soft limit of 1,024 descriptors. */
function run(task: 'append' | 'append-and-die' | 'read', directory: string): Told {
  const args = [process.execPath, child, task, directory, topics, queues, perQueue].map(String);
  const ended = spawnSync('sh', ['-c', 'ulimit -S -n 1024 && exec "$@"', 'sh', ...args], { encoding: 'utf8' });
  expect([ended.status, ended.signal, ended.stderr]).toEqual(task === 'append-and-die' ? [null, 'SIGKILL', ''] : [0, null, '']);
  const told = JSON.parse(ended.stdout) as Told;
  const { openMs, workMs, closeMs, rss, descriptors } = told;
  const times = [openMs, workMs, closeMs].map((each) => `${Math.round(each)} ms`).join(', ');
  console.info(`${task}: open, work, close ${times}; ${Math.round(rss / 2 ** 20)} MiB, ${descriptors} descriptors`);
  return told;
}

test.each([
  ['closed', 'append'],
  ['killed', 'append-and-die'],
] as const)('10,000 queues are appended to, %s, opened and read under 1,024 descriptors and 200 MiB', { timeout: 120_000 }, (_, task) => {
  const directory = storeFolder();
  const appended = run(task, directory);
  const read = run('read', directory);
  expect(read.cleanShutdown).toBe(task === 'append');
  if (task === 'append') expect(read.rebuiltQueueEntries).toBe(0);
  for (const told of [appended, read]) {
    expect(told.messages).toBe(topics * queues * perQueue);
    expect(told.rss).toBeLessThan(200 * 2 ** 20);
    expect(told.descriptors).toBeLessThan(1024);
  }
});

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

/** Runs the child under a soft limit of 1,024 descriptors. `from`: how many messages each queue has. */
function run(task: 'append' | 'append-and-die' | 'read', directory: string, from: number): Told {
  const args = [process.execPath, child, task, directory, topics, queues, perQueue, from].map(String);
  const ended = spawnSync('sh', ['-c', 'ulimit -S -n 1024 && exec "$@"', 'sh', ...args], { encoding: 'utf8' });
  expect([ended.status, ended.signal, ended.stderr]).toEqual(task === 'append-and-die' ? [null, 'SIGKILL', ''] : [0, null, '']);
  const told = JSON.parse(ended.stdout) as Told;
  const { openMs, workMs, closeMs, rss, descriptors } = told;
  const times = [openMs, workMs, closeMs].map((each) => `${Math.round(each)} ms`).join(', ');
  console.info(`${task}: open, work, close ${times}; ${Math.round(rss / 2 ** 20)} MiB, ${descriptors} descriptors`);
  expect(rss).toBeLessThan(200 * 2 ** 20);
  expect(descriptors).toBeLessThan(1024);
  return told;
}

test('10,000 queues are appended to, closed or killed, opened and read under 1,024 descriptors and 200 MiB', {
  timeout: 240_000,
}, () => {
  const directory = storeFolder();
  const each = topics * queues * perQueue;
  expect(run('append', directory, 0)).toMatchObject({ messages: each, cleanShutdown: true });
  expect(run('read', directory, perQueue)).toMatchObject({ messages: each, cleanShutdown: true, rebuiltQueueEntries: 0 });
  expect(run('append-and-die', directory, perQueue)).toMatchObject({ messages: each, cleanShutdown: true });
  expect(run('read', directory, 2 * perQueue)).toMatchObject({ messages: 2 * each, cleanShutdown: false });
});

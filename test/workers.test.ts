/** Stores in worker threads: each has its own, and a thread that is terminated in the middle takes nothing with it but itself. */
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { StoreOptions } from '../ts/index.js';
import { RandomNumbers } from './randomnumbers.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

const script = fileURLToPath(new URL('./children/store-worker.mjs', import.meta.url));
const small: StoreOptions = { commitLog: { fileBytes: 64 * 1024 }, consumeQueue: { entriesPerFile: 100 } };

type Task = 'append' | 'session' | 'read' | 'everything' | 'roam';

function start(task: Task, directory: string, options: StoreOptions = small, end = 0): Worker {
  return new Worker(script, { workerData: { task, directory, options, end } });
}

/** The last thing that a worker says. */
async function lastWord(worker: Worker): Promise<unknown> {
  let word: unknown;
  worker.on('message', (message) => {
    word = message;
  });
  await once(worker, 'exit');
  return word;
}

test('a store works in a worker thread, several at once', async () => {
  const said = await Promise.all([1, 2, 3, 4].map(() => lastWord(start('session', storeFolder()))));
  expect(said).toEqual(
    Array(4).fill([
      [0, 1, 2],
      ['a', 'b', 'c'],
    ]),
  );
});

test('a store that is open in one thread is LOCKED for another one of the process', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  const worker = start('session', directory);
  await expect(once(worker, 'exit')).rejects.toMatchObject({
    code: 'LOCKED',
    message: expect.stringContaining(String(process.pid)),
  });
  await store.append({ topic: 'T', body: 'still mine' });
});

test('200 workers opened and terminated in the middle of appends leave the process alive and their stores whole', {
  timeout: 120_000,
}, async () => {
  const random = new RandomNumbers(testSeed);
  // A directory has one worker after the other, so each also finds what a terminated one left, its lock among it.
  const lanes = 4;
  const directories = Array.from({ length: lanes }, storeFolder);
  let terminatedWhileOpening = 0;
  let acknowledging = 0;
  const live = async (directory: string, at: number): Promise<void> => {
    const options: StoreOptions = {
      ...small,
      flush: at % 2 === 0 ? 'sync' : 'async',
      commitLog: { fileBytes: 64 * 1024, writeMode: at % 3 === 0 ? 'mapped' : 'pwrite' },
    };
    const worker = start('append', directory, options);
    let words = 0;
    let isOver = false;
    const when = random.between(0, 6);
    await new Promise<void>((resolve, reject) => {
      const terminate = (): void => {
        isOver = true;
        worker.terminate().then(() => resolve(), reject);
      };
      worker.on('message', () => {
        if (words++ === when && !isOver) terminate();
      });
      worker.on('error', (error) => !isOver && reject(error));
      // Timed, because the end is to fall anywhere, also into opening.
      if (when === 0) setTimeout(terminate, random.between(20, 60));
    });
    if (words === 0) terminatedWhileOpening++;
    else if (words > 1) acknowledging++;
  };
  await Promise.all(
    directories.map(async (directory, lane) => {
      for (let at = lane; at < 200; at += lanes) await live(directory, at);
    }),
  );
  console.info(`${terminatedWhileOpening} terminated while opening, ${acknowledging} while appending`);
  expect(acknowledging).toBeGreaterThan(50);
  for (const directory of directories) {
    const store = await openStore(directory, small);
    expect(store.recovery.newlyLost).toEqual([]);
    for (const { name, queues } of store.topics()) {
      for (const { queueId, maxOffset } of queues) {
        let offset = 0;
        while (offset < maxOffset) {
          const { messages, nextOffset, lost } = await store.read(name, queueId, offset, { maxMessages: 1000 });
          expect([messages.length, lost]).toEqual([nextOffset - offset, []]);
          offset = nextOffset;
        }
      }
    }
    expect((await store.append({ topic: 't0', body: 'goes on' })).offset).toBe(store.queue('t0', 0).maxOffset - 1);
    await store.close();
  }
});

test('readers in workers follow what the main thread appends, and see it in order and whole', { timeout: 60_000 }, async () => {
  const directory = storeFolder();
  const store = await openStore(directory, { ...small, flush: 'async' });
  await store.append({ topic: 'T', body: 'message 0' });
  const end = 20_000;
  const readers = [1, 2, 3].map(() => start('read', directory, { readOnly: true }, end));
  const words = readers.map(lastWord);
  await Promise.all(readers.map((reader) => once(reader, 'message')));
  for (let offset = 1; offset < end; ) {
    const wave = Math.min(100, end - offset);
    await Promise.all(Array.from({ length: wave }, (_, i) => store.append({ topic: 'T', body: `message ${offset + i}` })));
    offset += wave;
  }
  expect(await Promise.all(words)).toEqual([end, end, end]);
});

test('readers terminated at any point disturb neither the writer nor each other', { timeout: 120_000 }, async () => {
  const random = new RandomNumbers(testSeed);
  const directory = storeFolder();
  const queues = 3;
  // Few files, so that those of a terminated reader would be seen among them.
  const store = await openStore(directory, { flush: 'async', commitLog: { fileBytes: 64 << 20 } });
  await store.createTopic('T', { queues });
  const appended = new Array<number>(queues).fill(0);
  const append = async (queueId: number, end?: string): Promise<void> => {
    const offset = appended[queueId] as number;
    appended[queueId] = offset + 1;
    const receipt = await store.append({ topic: 'T', queueId, keys: `${queueId}-${offset}`, body: end ?? `${queueId}/${offset}` });
    expect(receipt.offset).toBe(offset);
  };
  for (let queueId = 0; queueId < queues; queueId++) await Promise.all(Array.from({ length: 50 }, () => append(queueId)));
  const whole = [1, 2].map(() => start('everything', directory, { readOnly: true }, queues));
  const words = whole.map(lastWord);

  let left = 40;
  let terminatedWhileReading = 0;
  /** One reader after the other, each terminated somewhere: while it opens, or after some rounds. */
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const reader = start('roam', directory, { readOnly: true }, queues);
      const when = random.between(0, 4);
      let words = 0;
      await new Promise<void>((resolve, reject) => {
        reader.once('error', reject);
        reader.on('message', () => {
          if (++words === when) resolve();
        });
        // Timed, because the end is to fall anywhere, also into opening.
        if (when === 0) setTimeout(resolve, random.between(20, 60));
      });
      terminatedWhileReading += words > 0 ? 1 : 0;
      await reader.terminate();
    }
  };
  let isOver = false;
  const lanes = Promise.all([lane(), lane()]).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await Promise.all(Array.from({ length: 20 }, () => append(random.between(0, queues - 1))));
    // Timed, because readers are to get a processor too, and the log is to stay small.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await lanes;
  expect(terminatedWhileReading).toBeGreaterThan(10);
  // The writer and the readers that go on; what those that were terminated had open is closed.
  expect(Object.entries(openFiles(directory)).filter(([, count]) => count > 1 + whole.length)).toEqual([]);
  for (let queueId = 0; queueId < queues; queueId++) await append(queueId, 'end');
  const count = appended.reduce((sum, each) => sum + each);
  expect(await Promise.all(words)).toEqual([count, count]);
  expect([store.status, store.lost]).toEqual(['open', []]);
  await store.close();
  const again = await openStore(directory);
  expect(again.recovery).toMatchObject({ cleanShutdown: true, newlyLost: [], truncatedBytes: 0 });
  expect(again.topic('T')?.queues.map(({ maxOffset }) => maxOffset)).toEqual(appended);
});

/** Of this process, how often a file of the store is open. */
function openFiles(directory: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const descriptor of readdirSync('/proc/self/fd')) {
    let path = '';
    try {
      path = readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      // Closed since.
    }
    if (path.startsWith(directory)) counts[path] = (counts[path] ?? 0) + 1;
  }
  return counts;
}

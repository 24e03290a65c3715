/** Stores in worker threads: each has its own, and a thread that is terminated in the middle takes nothing with it but itself. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { StoreOptions } from '../ts/index.js';
import { RandomNumbers } from './randomnumbers.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

const script = fileURLToPath(new URL('./children/store-worker.mjs', import.meta.url));
const small: StoreOptions = { commitLog: { fileBytes: 64 * 1024 }, consumeQueue: { entriesPerFile: 100 } };

function start(task: 'append' | 'session' | 'read', directory: string, options: StoreOptions = small, end = 0): Worker {
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

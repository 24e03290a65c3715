/**
 * How many times a second is the one message with a key found, when index and log are in memory?
 *
 * Messages with a key of their own each are written once, and their keys go into index files of the usual size. Every key is
 * looked up once: that makes it hot. Then each round looks up random ones, 64 in flight. Parameters: `messages`, `bodyBytes`;
 * with `unique` of 1 a key is no word of `keys` but the property `UNIQ_KEY`.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, topic } from './messages.js';

const inFlight = 64;
const perBatch = 1000;

export async function keysCase(job: Job): Promise<Case> {
  const count = Number(job.parameters.messages);
  const bodyBytes = Number(job.parameters.bodyBytes);
  const store = await MessageStore.open(job.directory, { flush: 'async' });
  const messages = makeMessages(perBatch, bodyBytes);
  const isUnique = job.parameters.unique === 1;
  for (let i = 0; i < count; i += perBatch)
    await store.appendBatch(
      messages.map((message, k) => ({
        ...message,
        ...(isUnique ? { properties: { UNIQ_KEY: `key-${i + k}` } } : { keys: `key-${i + k}` }),
      })),
    );
  await store.flush();
  while ((store.stats().indexedKeys ?? 0) < count) await sleep(10);

  /** Looks up the keys that are given, until one is undefined. */
  const search = async (next: () => number | undefined): Promise<number> => {
    let found = 0;
    for (let over = false; !over; ) {
      const answers = [];
      for (let i = 0; i < inFlight && !over; i++) {
        const key = next();
        if (key === undefined) over = true;
        else answers.push(store.findByKey(topic, `key-${key}`));
      }
      for (const answer of answers) {
        const { length } = await answer;
        if (length !== 1) throw new Error(`a key that one message has found ${length}`);
        found++;
      }
    }
    return found;
  };
  let warm = 0;
  await search(() => (warm < count ? warm++ : undefined));
  /** What nobody used for a while, the system may have taken back. */
  const touchAgain = async (): Promise<void> => {
    for (let offset = 0; offset < count; ) ({ nextOffset: offset } = store.readSync(topic, 0, offset, { maxMessages: 4096 }));
    const end = performance.now() + 300;
    await search(() => (performance.now() < end ? Math.floor(Math.random() * count) : undefined));
  };

  return {
    round: async () => {
      await touchAgain();
      const begin = performance.now();
      let asked = 0;
      const found = await search(() =>
        asked++ % inFlight === 0 && performance.now() - begin >= job.millis ? undefined : Math.floor(Math.random() * count),
      );
      return { findsPerSecond: (found * 1000) / (performance.now() - begin) };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

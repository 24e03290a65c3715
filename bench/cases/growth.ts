/**
 * What memory does a store take as something grows? Its process is asked when it has grown, and again from outside (child.ts) for
 * the most it took on the way.
 *
 * Parameters: `what`, and `amount` of it. `bytes`: so many bytes of 1 KiB messages are appended, 1,000 in flight, and the newest
 * read back now and then. `queues`: so many are opened by an append to each. `subscriptions`: so many wait, for a hundred open
 * queues. Of these two the difference that they make is given, for each one, after a collection on both sides; garbage does not
 * count, and neither do pages of the store's files.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Sample } from '../figures.js';
import { anonymousBytes } from '../memory.js';
import type { Case } from '../worker.js';
import { makeMessages, topic } from './messages.js';

const inFlight = 1000;
const bodyBytes = 1024;
const fewQueues = 100;
/** Longer than the store keeps what an append left to be settled: tails, slots, the interval of the flush. */
const settleMillis = 1200;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** In KiB, of this process and nobody else's. */
async function ownMemory(): Promise<number> {
  await sleep(settleMillis);
  collect();
  collect();
  return anonymousBytes(process.pid) / 1024;
}

const kinds: Readonly<Record<string, (store: MessageStore, amount: number) => Promise<Sample>>> = {
  bytes: async (store, amount) => {
    const messages = makeMessages(inFlight, bodyBytes);
    const begin = performance.now();
    for (let bytes = 0; bytes < amount; bytes += inFlight * bodyBytes) {
      await Promise.all(messages.map((message) => store.append(message)));
      const { offset } = await store.append(messages[0]!);
      await store.read(topic, 0, Math.max(0, offset - 100), { maxMessages: 100 });
    }
    const seconds = (performance.now() - begin) / 1000;
    return { settledMiB: (await ownMemory()) / 1024, bodyBytesPerSecond: amount / seconds };
  },
  queues: async (store, amount) => {
    const use = async (name: string, queues: number): Promise<void> => {
      await store.createTopic(name, { queues });
      await Promise.all(Array.from({ length: queues }, (_, queueId) => store.append({ topic: name, queueId, body: 'opens' })));
    };
    await use('first', fewQueues);
    const before = await ownMemory();
    await use('second', amount);
    return { perQueueKiB: ((await ownMemory()) - before) / amount };
  },
  subscriptions: async (store, amount) => {
    await store.createTopic(topic, { queues: fewQueues });
    const wait = (count: number): AsyncIterator<unknown>[] =>
      Array.from({ length: count }, (_, i) => {
        const iterator = store.subscribe({ topic, queueId: i % fewQueues })[Symbol.asyncIterator]();
        void iterator.next();
        return iterator;
      });
    // As many before: what V8 sets aside for young objects when it first needs more is not what one more takes.
    const held = wait(amount);
    const before = await ownMemory();
    held.push(...wait(amount));
    const after = await ownMemory();
    for (const iterator of held) void iterator.return?.();
    return { perSubscriptionKiB: (after - before) / amount };
  },
};

export async function growthCase(job: Job): Promise<Case> {
  const kind = kinds[String(job.parameters.what)];
  if (kind === undefined) throw new Error('what grows is bytes, queues or subscriptions');
  return {
    round: async () => {
      const store = await MessageStore.open(job.directory, { flush: 'async' });
      try {
        return await kind(store, Number(job.parameters.amount));
      } finally {
        await store.close();
        await rm(job.directory, { recursive: true, force: true });
      }
    },
    close: async () => {},
  };
}

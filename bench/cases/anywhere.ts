/**
 * How many messages a second are read one by one from random places?
 *
 * 100,000 messages of 1 KiB are written once, each with a key of its own and at a millisecond of its own, and read once. Then
 * each round reads for its time, each read when the one before has been answered, and touches the body. Parameter `way`: how the
 * place is named: `offset`, `key`, or `time` (the offset is searched for, and then read).
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageStore, type StoredMessage } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, topic } from './messages.js';

const count = 100_000;
const inFlight = 1000;
const bodyBytes = 1024;
const firstTime = 1_700_000_000_000;
const one = { maxMessages: 1 };

const ways: Readonly<Record<string, (store: MessageStore, n: number) => Promise<readonly StoredMessage[]>>> = {
  offset: async (store, n) => (await store.read(topic, 0, n, one)).messages,
  key: (store, n) => store.findByKey(topic, `key-${n}`),
  time: async (store, n) => (await store.read(topic, 0, await store.offsetAt(topic, 0, firstTime + n), one)).messages,
};

export async function anywhereCase(job: Job): Promise<Case> {
  const way = ways[String(job.parameters.way)];
  if (way === undefined) throw new Error('the way is offset, key or time');
  let now = firstTime;
  const store = await MessageStore.open(job.directory, { flush: 'async', clock: () => now });
  const messages = makeMessages(inFlight, bodyBytes);
  for (let n = 0; n < count; ) {
    const appends = messages.map(({ queueId, body }) => {
      now = firstTime + n;
      return store.append({ topic, queueId, body, keys: `key-${n++}` });
    });
    await Promise.all(appends);
  }
  await store.flush();
  while ((store.stats().indexedKeys ?? 0) < count) await sleep(10);

  let sum = 0;
  const read = async (n: number): Promise<void> => {
    const [message, ...others] = await way(store, n);
    if (message?.offset !== n || others.length > 0) throw new Error(`not the message ${n} alone`);
    const { body } = message;
    for (let i = 0; i < body.length; i += 64) sum += body[i] as number;
  };
  for (let n = 0; n < count; n++) await read(n);

  /** What nobody used for a while, the system may have taken back. */
  const touchAgain = async (): Promise<void> => {
    for (let offset = 0; offset < count; ) ({ nextOffset: offset } = store.readSync(topic, 0, offset, { maxMessages: 1024 }));
    for (let n = 0; n < 2000; n++) await read(Math.floor(Math.random() * count));
  };

  return {
    round: async () => {
      if (job.parameters.once !== 1) await touchAgain();
      const begin = performance.now();
      let reads = 0;
      while (performance.now() - begin < job.millis) {
        await read(Math.floor(Math.random() * count));
        reads++;
      }
      if (sum === 0) throw new Error('nothing was read');
      return { readsPerSecond: (reads * 1000) / (performance.now() - begin) };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

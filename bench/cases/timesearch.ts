/**
 * How many times a second is the place of a store time found, when everything is in memory?
 *
 * Messages are written once, ten at a time and a random 0 to 39 ms apart by the store's own clock; then each round searches for random
 * times between the first and the last, one after the other. Every place there is was searched for once before: that makes it hot.
 * Parameters: `messages`, `bodyBytes`.
 */
import { rm } from 'node:fs/promises';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, topic } from './messages.js';

const begin = 1_700_000_000_000;
const perBatch = 10;
const inFlight = 100;
/** Between two looks at the clock. */
const perLook = 64;

export async function timeSearchCase(job: Job): Promise<Case> {
  const batches = Number(job.parameters.messages) / perBatch;
  let now = begin;
  const store = await MessageStore.open(job.directory, { flush: 'async', clock: () => now });
  const batch = makeMessages(perBatch, Number(job.parameters.bodyBytes));
  /** Between each batch and the next; all that is kept of the times, or they would count as the store's memory. */
  const gaps = new Uint8Array(batches);
  for (let i = 0; i < batches; ) {
    const appends: Promise<unknown>[] = [];
    for (const end = Math.min(i + inFlight, batches); i < end; i++) {
      appends.push(store.appendBatch(batch));
      gaps[i] = Math.floor(Math.random() * 40);
      now += gaps[i] ?? 0;
    }
    await Promise.all(appends);
  }
  await store.flush();
  const last = now;

  let found = 0;
  const search = async (until: () => boolean): Promise<number> => {
    let searches = 0;
    while (!until()) {
      for (let i = 0; i < perLook; i++) found += await store.offsetAt(topic, 0, begin + Math.floor(Math.random() * (last - begin)));
      searches += perLook;
    }
    return searches;
  };
  let time = begin;
  for (const gap of gaps) {
    found += await store.offsetAt(topic, 0, time);
    time += gap;
  }
  found += await store.offsetAt(topic, 0, last);

  return {
    round: async () => {
      const warm = performance.now();
      await search(() => performance.now() - warm >= 100); // what nobody used for a while, the system may have taken back
      const start = performance.now();
      const searches = await search(() => performance.now() - start >= job.millis);
      const seconds = (performance.now() - start) / 1000;
      if (found === 0) throw new Error('nothing was found');
      return { searchesPerSecond: searches / seconds };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

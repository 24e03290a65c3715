/**
 * How many messages a second does the store take when an append waits for the operating system only?
 *
 * Each round opens a new store, so that no case keeps what it wrote, appends 16 MiB unmeasured, and then for its time or until
 * 256 MiB of bodies are written, whichever comes first. Opening, closing and removing are not measured. Parameters: `bodyBytes`,
 * `writeMode`, and `way`: `append` with 1,000 in flight, `appendBatch` of 100 with ten in flight, or `appendSync`. With `key`
 * (`own`, `three` or `none`) 16,384 messages take turns, with a key of their own each, with three, or the same without, and 128
 * MiB are unmeasured: the first keys of an index file, one in twenty million, meet the 20 MB of its slots that no one has
 * touched.
 */
import { rm } from 'node:fs/promises';
import { type Message, MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, turn } from './messages.js';
import { limit } from './until.js';

const inFlight = 1000;
const batchSize = 100;
const batchesInFlight = inFlight / batchSize;
const warmBytes = 16 * 2 ** 20;
const warmKeyedBytes = 128 * 2 ** 20;
const mostBytes = 256 * 2 ** 20;

type Way = (store: MessageStore, messages: readonly Message[], until: () => boolean) => Promise<number>;

/** Each appends until told, and returns how many messages were acknowledged. */
const ways: Readonly<Record<string, Way>> = {
  append: async (store, messages, until) => {
    const next = turn(messages);
    let done = 0;
    const lane = async (): Promise<void> => {
      while (!until()) {
        await store.append(next());
        done++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return done;
  },
  appendBatch: async (store, messages, until) => {
    const batches = Array.from({ length: messages.length / batchSize }, (_, i) =>
      messages.slice(i * batchSize, (i + 1) * batchSize),
    );
    const next = turn(batches);
    let done = 0;
    const lane = async (): Promise<void> => {
      while (!until()) {
        const receipts = await store.appendBatch(next());
        done += receipts.length;
      }
    };
    await Promise.all(Array.from({ length: batchesInFlight }, lane));
    return done;
  },
  appendSync: async (store, messages, until) => {
    const next = turn(messages);
    let done = 0;
    for (; !until(); done++) store.appendSync(next());
    return done;
  },
};

/** So many keys that they reach every page of the slots, as they do in the life of a store. */
function manyMessages(bodyBytes: number, key: number | string): Message[] {
  const next = turn(makeMessages(1000, bodyBytes));
  // Written out: of copies that are made by spreading and then grow, V8 gives each a shape of its own, and is slow with all of them.
  return Array.from({ length: 16_384 }, (_, i) => {
    const { topic, queueId, body } = next();
    if (key === 'own') return { topic, queueId, body, keys: `order-${i}` };
    if (key === 'three') return { topic, queueId, body, keys: [`order-${i}`, `customer-${i}`, `item-${i}`] };
    return { topic, queueId, body };
  });
}

export async function appendCase(job: Job): Promise<Case> {
  const bodyBytes = Number(job.parameters.bodyBytes);
  const writeMode = job.parameters.writeMode === 'mapped' ? 'mapped' : 'pwrite';
  const name = String(job.parameters.way);
  const way = ways[name];
  if (way === undefined) throw new Error(`no way to append is called ${name}`);
  const messages = job.parameters.key === undefined ? makeMessages(1000, bodyBytes) : manyMessages(bodyBytes, job.parameters.key);
  const perQuestion = name === 'appendBatch' ? batchSize : 1;
  const every = perQuestion === 1 ? 64 : 1;
  const warm = job.parameters.key === undefined ? warmBytes : warmKeyedBytes;
  const questions = (bytes: number): number => bytes / bodyBytes / perQuestion;
  return {
    round: async () => {
      const store = await MessageStore.open(job.directory, { flush: 'async', commitLog: { writeMode } });
      try {
        await way(store, messages, limit(10 * job.millis, questions(warm), every));
        const begin = performance.now();
        const done = await way(store, messages, limit(job.millis, questions(mostBytes), every));
        const seconds = (performance.now() - begin) / 1000;
        return { messagesPerSecond: done / seconds, bodyBytesPerSecond: (done * bodyBytes) / seconds };
      } finally {
        await store.close();
        await rm(job.directory, { recursive: true, force: true });
      }
    },
    close: async () => {},
  };
}

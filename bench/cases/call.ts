/**
 * What does one call cost, and what do the parts of it that can be called alone? Parameter `call`: a name of `calls` below.
 *
 * Bodies are 1 KiB. Calls that append get a new store in each round, which is closed and removed unmeasured; the others share one
 * with 10,000 messages, all in memory, each with a key of its own, stored at a millisecond of its own. Asynchronous ones are made
 * one at a time, each when the one before has been answered. Of a new store or process a quarter of a round is not measured.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import { BareStore, encodeProperties, StoredRecord } from '../engine.js';
import { type Call, timeCall } from '../singlecall.js';
import type { Case } from '../worker.js';
import { makeMessages, topic, turn } from './messages.js';

const bodyBytes = 1024;
const count = 10_000;
const firstTime = 1_700_000_000_000;
const perDraft = 100;

/** Or the work would be optimised away. */
let sum = 0;

type Made = Promise<{ readonly call: Call; close(): Promise<void> }>;

/** A new store to append to. */
function appending(make: (store: MessageStore) => Call): (directory: string) => Made {
  return async (directory) => {
    const store = await MessageStore.open(directory, { flush: 'async' });
    return { call: make(store), close: () => store.close() };
  };
}

/** A store that is filled, and a random offset in it. */
function reading(make: (store: MessageStore, any: () => number) => Call | Promise<Call>): (directory: string) => Made {
  return async (directory) => {
    let now = firstTime;
    const store = await MessageStore.open(directory, { flush: 'async', clock: () => now });
    const messages = makeMessages(1000, bodyBytes);
    for (let n = 0; n < count; ) {
      const appends = messages.map(({ queueId, body }) => {
        now = firstTime + n;
        return store.append({ topic, queueId, body, keys: `key-${n++}`, tags: 'tag', properties: { source: 'bench' } });
      });
      await Promise.all(appends);
    }
    await store.flush();
    while ((store.stats().indexedKeys ?? 0) < count) await sleep(10);
    const any = turn(Array.from({ length: 65_536 }, () => Math.floor(Math.random() * count)));
    return { call: await make(store, any), close: () => store.close() };
  };
}

const one = { maxMessages: 1 };

const calls: Readonly<Record<string, (directory: string) => Made>> = {
  native: async (directory) => {
    const store = await BareStore.open(directory, topic);
    return { call: { now: () => store.callNothing() }, close: () => store.close() };
  },
  encode: async (directory) => {
    const store = await BareStore.open(directory, topic);
    const next = turn(makeMessages(1000, bodyBytes).map(({ body }) => body as Uint8Array));
    let encoded = 0;
    const now = (): void => {
      if (encoded++ % perDraft === 0) store.beginDraft();
      store.encode(next());
    };
    return { call: { now }, close: () => store.close() };
  },
  properties: async () => {
    const next = turn(Array.from({ length: 1000 }, (_, i) => ({ keys: `key-${i}`, tags: 'tag', properties: { source: 'bench' } })));
    const now = (): void => {
      sum += encodeProperties(next()).length;
    };
    return { call: { now }, close: async () => {} };
  },
  appendSync: appending((store) => {
    const next = turn(makeMessages(1000, bodyBytes));
    return { now: () => store.appendSync(next()) };
  }),
  append: appending((store) => {
    const next = turn(makeMessages(1000, bodyBytes));
    return { later: () => store.append(next()) };
  }),
  appendBatch1: appending((store) => {
    const next = turn(makeMessages(1000, bodyBytes).map((message) => [message]));
    return { later: () => store.appendBatch(next()) };
  }),
  appendBatch100: appending((store) => {
    const messages = makeMessages(1000, bodyBytes);
    const next = turn(Array.from({ length: 10 }, (_, i) => messages.slice(i * 100, (i + 1) * 100)));
    return { later: () => store.appendBatch(next()) };
  }),
  readSync: reading((store, any) => ({
    now: () => {
      sum += store.readSync(topic, 0, any(), one).messages.length;
    },
  })),
  read: reading((store, any) => ({ later: () => store.read(topic, 0, any(), one) })),
  readRaw: reading((store, any) => ({ later: () => store.readRaw(topic, 0, any(), one) })),
  findByKey: reading((store, any) => ({ later: () => store.findByKey(topic, `key-${any()}`) })),
  offsetAt: reading((store, any) => ({ later: () => store.offsetAt(topic, 0, firstTime + any()) })),
  decode: reading(async (store) => {
    const next = turn(await records(store));
    const now = (): void => {
      const record = next();
      const message = new StoredRecord(record, 0, record.length, bodyBytes);
      sum += message.body.length + message.offset + message.storeTimestamp + message.topic.length + message.keys.length;
      sum += message.properties.source?.length ?? 0;
    };
    return { now };
  }),
  decodeBody: reading(async (store) => {
    const next = turn(await records(store));
    const now = (): void => {
      const record = next();
      sum += new StoredRecord(record, 0, record.length, bodyBytes).body.length;
    };
    return { now };
  }),
};

async function records(store: MessageStore): Promise<readonly Buffer[]> {
  const { messages } = await store.read(topic, 0, 0, { maxMessages: 1000, maxBytes: 2 ** 24 });
  return messages.map(({ raw }) => raw);
}

export async function callCase(job: Job): Promise<Case> {
  const name = String(job.parameters.call);
  const make = calls[name];
  if (make === undefined) throw new Error(`no call is called ${name}`);
  const isAppending = name.startsWith('append');
  let made: Awaited<Made> | undefined;
  const close = async (): Promise<void> => {
    await made?.close();
    made = undefined;
    await rm(job.directory, { recursive: true, force: true });
  };
  return {
    round: async () => {
      if (made === undefined) {
        made = await make(job.directory);
        await warm(made.call, job.millis / 4);
      }
      const sample = await timeCall(made.call, job.millis);
      if (!Number.isFinite(sum)) throw new Error('what was read is no number');
      if (isAppending) await close();
      return sample;
    },
    close,
  };
}

async function warm(call: Call, millis: number): Promise<void> {
  for (const end = performance.now() + millis; performance.now() < end; ) {
    if ('now' in call) call.now();
    else await call.later();
  }
}

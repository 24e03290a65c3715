/**
 * How many messages a second does the store take, in every way that an application can choose?
 *
 * Parameters: `flush` (`none`: never synced meanwhile; `async`; `sync`: an append counts once it is durable), `writeMode`, `way` (`each`: one
 * call a message; `handle`: the same through a queue's handle; `batch`: `appendBatch` of `batchSize`, each to one queue), `inFlight` messages,
 * `bodyBytes`, `queues` that take turns, `warmMillis`, and `keys` (1: each message has one of its own, which the index takes).
 *
 * With async flush each round opens a new store, so that no case keeps what it wrote; it appends unmeasured for a while, and then for its
 * time or until `mostBytes` of bodies. With sync flush one store lives for all rounds: opening would prepare blocks that appends then wait
 * behind. Opening, closing and removing are not measured; neither is making the messages.
 */
import { rm } from 'node:fs/promises';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { type Message, MessageStore, type Queue, type StoreOptions } from 'millrace';
import type { Job } from '../child.js';
import type { Sample } from '../figures.js';
import type { Case } from '../worker.js';
import { topic, turn } from './messages.js';
import { limit } from './until.js';
import { type Plan, planOf, queueOf, writtenMessages } from './writeplan.js';

const flushes: Readonly<Record<string, StoreOptions['flush']>> = {
  none: { mode: 'async', intervalMs: 3_600_000, maxUnflushedBytes: 2 ** 40 },
  async: 'async',
  sync: 'sync',
};

/** Appends until told, and returns how many messages were acknowledged. */
type Way = (until: () => boolean, latencies?: RecordableHistogram) => Promise<number>;

export async function writeCase(job: Job): Promise<Case> {
  const plan = planOf(job.parameters);
  const messages = writtenMessages(plan);
  const open = async (): Promise<{ store: MessageStore; way: Way }> => {
    const store = await MessageStore.open(job.directory, {
      ...(flushes[plan.flush] === undefined ? {} : { flush: flushes[plan.flush] }),
      commitLog: { writeMode: plan.writeMode },
    });
    await store.createTopic(topic, { queues: plan.queues });
    const way = wayOf(plan, store, messages);
    await way(limit(plan.warmMillis, plan.warmBytes / plan.bodyBytes / perQuestion(plan), clockEvery(plan)));
    return { store, way };
  };
  const close = async (store: MessageStore | undefined): Promise<void> => {
    await store?.close();
    await rm(job.directory, { recursive: true, force: true });
  };
  let kept: { store: MessageStore; way: Way } | undefined;
  return {
    round: async () => {
      if (plan.flush === 'sync') {
        kept ??= await open();
        return measure(plan, job.millis, kept.store, kept.way);
      }
      const { store, way } = await open();
      try {
        return await measure(plan, job.millis, store, way);
      } finally {
        await close(store);
      }
    },
    close: () => close(kept?.store),
  };
}

/** How many messages stand behind one question whether it is over. */
function perQuestion({ way, batchSize }: Plan): number {
  return way === 'batch' ? batchSize : 1;
}

function clockEvery({ flush, way }: Plan): number {
  return flush === 'sync' || way === 'batch' ? 1 : 64;
}

async function measure(plan: Plan, millis: number, store: MessageStore, way: Way): Promise<Sample> {
  const latencies = plan.flush === 'sync' ? createHistogram() : undefined;
  const before = store.stats();
  const begin = performance.now();
  const done = await way(limit(millis, plan.mostBytes / plan.bodyBytes / perQuestion(plan), clockEvery(plan)), latencies);
  const seconds = (performance.now() - begin) / 1000;
  const after = store.stats();
  // A record in the log, an entry in its queue, and one in the index if it has a key: 20 bytes each.
  const entries = plan.hasKeys ? 40 : 20;
  const rates = {
    messagesPerSecond: done / seconds,
    bodyBytesPerSecond: (done * plan.bodyBytes) / seconds,
    diskBytesPerMessage:
      (after.appendedBytes - before.appendedBytes) / (after.appendedMessages - before.appendedMessages) + entries,
  };
  if (latencies === undefined) return rates;
  return {
    ...rates,
    p50Micros: latencies.percentile(50) / 1000,
    p99Micros: latencies.percentile(99) / 1000,
    messagesPerSync: (after.flushedMessages - before.flushedMessages) / Math.max(1, after.flushes - before.flushes),
  };
}

function wayOf(plan: Plan, store: MessageStore, messages: readonly Message[]): Way {
  if (plan.way === 'batch') return batchWay(plan, store, messages);
  if (plan.way === 'each') return eachWay(plan, turn(messages), (message) => store.append(message));
  if (plan.way !== 'handle') throw new Error(`no way to append is called ${plan.way}`);
  const handles: Queue[] = Array.from({ length: plan.queues }, (_, queueId) => store.queue(topic, queueId));
  // A queue's own append takes no topic and no queue.
  const bare = messages.map(({ body, queueId }) => ({ handle: handles[queueId ?? 0] as Queue, message: { body } }));
  return eachWay(plan, turn(bare), ({ handle, message }) => handle.append(message));
}

function eachWay<T>(plan: Plan, next: () => T, append: (item: T) => Promise<unknown>): Way {
  return async (until, latencies) => {
    let done = 0;
    const plain = async (): Promise<void> => {
      while (!until()) {
        await append(next());
        done++;
      }
    };
    const timed = async (): Promise<void> => {
      while (!until()) {
        const begin = performance.now();
        await append(next());
        latencies?.record(Math.max(1, Math.round((performance.now() - begin) * 1e6)));
        done++;
      }
    };
    await Promise.all(Array.from({ length: plan.inFlight }, latencies === undefined ? plain : timed));
    return done;
  };
}

function batchWay(plan: Plan, store: MessageStore, messages: readonly Message[]): Way {
  const batches: Message[][] = [];
  for (let queue = 0; queue < plan.queues; queue++) {
    const own = messages.filter((message) => queueOf(message) === queue);
    for (let i = 0; i + plan.batchSize <= own.length; i += plan.batchSize) batches.push(own.slice(i, i + plan.batchSize));
  }
  if (batches.length === 0) throw new Error('no queue has messages enough for a batch');
  const next = turn(batches);
  return async (until, latencies) => {
    let done = 0;
    const lane = async (): Promise<void> => {
      while (!until()) {
        const begin = performance.now();
        const { length } = await store.appendBatch(next());
        latencies?.record(Math.max(1, Math.round((performance.now() - begin) * 1e6)));
        done += length;
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, Math.floor(plan.inFlight / plan.batchSize)) }, lane));
    return done;
  };
}

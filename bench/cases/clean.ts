/**
 * How long does opening take in a store of many queues that was closed properly?
 *
 * `queuesCase` makes the store, once: topics of 1,000 queues, a message in each. `cleanCase` opens it, for a process that has
 * done nothing else yet, and closes it again. Parameter: `queues`.
 */
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';

const perTopic = 1000;

export async function queuesCase(job: Job): Promise<Case> {
  const queues = Number(job.parameters.queues);
  return {
    round: async () => {
      const store = await MessageStore.open(job.directory, { flush: 'async' });
      for (let first = 0; first < queues; first += perTopic) {
        const topic = `topic-${first / perTopic}`;
        const count = Math.min(perTopic, queues - first);
        await store.createTopic(topic, { queues: count });
        await Promise.all(Array.from({ length: count }, (_, queueId) => store.append({ topic, queueId, body: 'one' })));
      }
      await store.close();
      return {};
    },
    close: async () => {},
  };
}

export async function cleanCase(job: Job): Promise<Case> {
  return {
    round: async () => {
      const begin = performance.now();
      const store = await MessageStore.open(job.directory, { flush: 'async' });
      const openMillis = performance.now() - begin;
      const { recovery } = store;
      const found = store.topics().reduce((sum, { queues }) => sum + queues.length, 0);
      await store.close();
      if (!recovery.cleanShutdown) throw new Error('the store was not closed properly');
      if (found !== Number(job.parameters.queues)) throw new Error(`${found} queues were found`);
      return { openMillis };
    },
    close: async () => {},
  };
}

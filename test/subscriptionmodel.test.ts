/** Subscriptions against a model: whatever is appended, added, deleted or reopened, each consumer sees each queue whole and in order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageStore, Subscription } from '../ts/index.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';
import { small } from './subscribed.js';

type Step =
  | { do: 'append'; queueId: number; count: number; how: 'append' | 'appendBatch' | 'appendSync' }
  | { do: 'grow' }
  | { do: 'take'; consumer: number; count: number }
  | { do: 'resume'; consumer: number }
  | { do: 'reopen' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      queueId: fc.nat(3),
      count: fc.integer({ min: 1, max: 9 }),
      how: fc.constantFrom('append' as const, 'appendBatch' as const, 'appendSync' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('take' as const), consumer: fc.nat(2), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resume' as const), consumer: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'grow' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
);

/** One consumer: messages or batches, small reads or large ones; what it has seen of each queue. */
class Consumer {
  readonly seen: number[] = [];
  readonly #isBatched: boolean;
  readonly #maxMessages: number;
  #subscription: Subscription | undefined;
  #next: (() => Promise<{ done?: boolean | undefined; offsets: readonly (readonly [number, number, string])[] }>) | undefined;
  #leave: (() => Promise<unknown>) | undefined;

  constructor(at: number) {
    this.#isBatched = at === 1;
    this.#maxMessages = at === 2 ? 1 : 4;
  }

  subscribe(store: MessageStore): void {
    const offsets = this.#subscription?.offsets;
    if (offsets !== undefined) for (const [queueId, offset] of offsets) expect(offset).toBe(this.seen[queueId] ?? 0);
    const from = offsets === undefined ? 'earliest' : { offsets };
    const subscription = store.subscribe({ topic: 'T', from, maxMessages: this.#maxMessages });
    const iterator = this.#isBatched ? subscription.batches() : subscription[Symbol.asyncIterator]();
    this.#subscription = subscription;
    this.#next = async () => {
      const { done, value } = await iterator.next();
      const messages = done ? [] : 'messages' in value ? value.messages : [value];
      return { done, offsets: messages.map(({ queueId, offset, body }) => [queueId, offset, body.toString()] as const) };
    };
    this.#leave = async () => iterator.return?.();
  }

  async leave(): Promise<void> {
    await this.#leave?.();
  }

  /** Takes until at least `count` more messages came. */
  async take(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      const { done, offsets } = (await this.#next?.()) ?? { done: true, offsets: [] };
      expect(done).toBeFalsy();
      for (const [queueId, offset, body] of offsets) {
        expect(offset).toBe(this.seen[queueId] ?? 0);
        expect(body).toBe(`${queueId} ${offset}`);
        this.seen[queueId] = offset + 1;
        left--;
      }
    }
  }

  seenCount(): number {
    return this.seen.reduce((sum, count) => sum + (count ?? 0), 0);
  }
}

async function run(steps: readonly Step[], flush: 'sync' | 'async'): Promise<void> {
  const directory = storeFolder();
  let store = await openStore(directory, { ...small, flush });
  const appended = [0];
  await store.createTopic('T', { queues: 1 });
  const consumers = [0, 1, 2].map((at) => new Consumer(at));
  for (const consumer of consumers) consumer.subscribe(store);
  const total = (): number => appended.reduce((sum, count) => sum + count, 0);

  for (const one of steps) {
    if (one.do === 'append') {
      const queueId = one.queueId % appended.length;
      const before = appended[queueId] as number;
      const messages = Array.from({ length: one.count }, (_, n) => ({ topic: 'T', queueId, body: `${queueId} ${before + n}` }));
      appended[queueId] = before + one.count;
      // Not awaited: a consumer may have to wait for what is on its way.
      if (one.how === 'appendBatch') void store.appendBatch(messages);
      else for (const message of messages) one.how === 'append' ? void store.append(message) : store.appendSync(message);
    } else if (one.do === 'grow') {
      appended.push(0);
      await store.updateTopic('T', { queues: appended.length });
    } else if (one.do === 'take') {
      const consumer = consumers[one.consumer] as Consumer;
      await consumer.take(Math.min(one.count, total() - consumer.seenCount()));
    } else if (one.do === 'resume') {
      await consumers[one.consumer]?.leave();
      consumers[one.consumer]?.subscribe(store);
    } else {
      await store.close();
      store = await openStore(directory, { ...small, flush });
      for (const consumer of consumers) consumer.subscribe(store);
    }
  }
  for (const consumer of consumers) {
    await consumer.take(total() - consumer.seenCount());
    expect(appended.map((_, queueId) => consumer.seen[queueId] ?? 0)).toEqual(appended);
  }
  await store.close();
}

test.each(['sync', 'async'] as const)(
  'consumers of a changing store see everything once and in order (%s)',
  { timeout: 120_000 },
  async (flush) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => run(steps, flush)),
      { seed: testSeed, numRuns: 15 },
    );
  },
);

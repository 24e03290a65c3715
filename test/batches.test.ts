/** Batches: small messages cross into the engine many at once, large ones by themselves, and all of them come out as they went in. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageStore, QueueMessage, StoredMessage } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

/** The fields that a reader sees of what was given. */
function given(message: QueueMessage): object {
  return {
    body: Buffer.from(message.body as Uint8Array).toString('hex'),
    tags: message.tags,
    keys: message.keys,
    properties: message.properties ?? {},
    flag: message.flag ?? 0,
    reconsumeTimes: message.reconsumeTimes ?? 0,
    bornHost: message.bornHost ?? '127.0.0.1:0',
  };
}

function stored(message: StoredMessage): object {
  const { KEYS, TAGS, ...properties } = message.properties;
  return {
    body: Buffer.from(message.body).toString('hex'),
    tags: TAGS,
    keys: KEYS,
    properties,
    flag: message.flag,
    reconsumeTimes: message.reconsumeTimes,
    bornHost: message.bornHost,
  };
}

async function readAll(store: MessageStore, from: number): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  for (let offset = from; ; ) {
    const result = await store.read('T', 0, offset, { maxMessages: 10_000, maxBytes: 2 ** 24 });
    if (result.messages.length === 0) return messages;
    messages.push(...result.messages);
    offset = result.nextOffset;
  }
}

const word = fc.stringMatching(/^[a-zé€😀]{1,12}$/u);
const message: fc.Arbitrary<QueueMessage> = fc.record(
  {
    // On both sides of what is small.
    body: fc.oneof(
      { weight: 8, arbitrary: fc.uint8Array({ maxLength: 300 }) },
      { weight: 1, arbitrary: fc.integer({ min: 2040, max: 2056 }).map((size) => new Uint8Array(size).fill(size)) },
      { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 140_000 }).map((size) => new Uint8Array(size).fill(size)) },
    ),
    tags: word,
    keys: word,
    properties: fc.dictionary(word, word, { maxKeys: 3 }),
    flag: fc.integer({ min: -5, max: 5 }),
    reconsumeTimes: fc.integer({ min: 0, max: 5 }),
    bornHost: fc.constantFrom('10.1.2.3:4', '[fe80::5]:80'),
  },
  { requiredKeys: ['body'] },
);

test('a batch is stored message for message, whatever their sizes and fields', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  const batches = fc.array(message, { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      const receipts = await store.appendBatch(batch.map((each) => ({ ...each, topic: 'T', queueId: 0 })));
      const found = await readAll(store, receipts[0]?.offset ?? -1);
      expect(found.map(stored)).toEqual(batch.map(given));
      expect(found.map(({ offset, position }) => ({ offset, position }))).toEqual(
        receipts.map(({ offset, position }) => ({ offset, position })),
      );
    }),
    { seed: testSeed, numRuns: 60 },
  );
});

test('a batch of thousands of small messages keeps their order', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  const bodies = Array.from({ length: 5000 }, (_, i) => `${i}`.padStart(1 + (i % 200), '.'));
  await store.appendBatch(bodies.map((body) => ({ topic: 'T', queueId: 0, body })));
  expect((await readAll(store, 0)).map(({ body }) => Buffer.from(body).toString())).toEqual(bodies);
});

test('a message that cannot be stored takes its batch with it, and the next batch is not touched by what it left', async () => {
  const store = await openStore(storeFolder(), { flush: 'async' });
  const good = { topic: 'T', queueId: 0, body: 'good' };
  const bad = { topic: 'T', queueId: 0, body: 'bad', flag: 1.5 };
  expect(await rejectionOf(store.appendBatch([good, good, bad, good]))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  const receipts = await store.appendBatch([good]);
  expect(receipts).toHaveLength(1);
  expect((await readAll(store, 0)).map(({ body }) => Buffer.from(body).toString())).toEqual(['good']);
});

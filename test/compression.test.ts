/** The option `compression`: what is stored smaller, what is stored as it was given, and that every reader gets what was appended. */
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Compressor } from '../ts/compression.js';
import type { Message, MessageStore, StoredMessage } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

const words = 'one coffee, two coffees, three coffees; ';
const compressedFlag = 0x101;
const flush = 'async';

async function messagesOf(store: MessageStore, topic = 'T', queueId = 0): Promise<readonly StoredMessage[]> {
  const { messages } = await store.read(topic, queueId, 0, { maxMessages: 10_000, maxBytes: 2 ** 30 });
  return messages;
}

/** Bytes of the body as it is stored. */
function storedBytes(message: StoredMessage | undefined): number {
  return message?.toMessage().body.length ?? Number.NaN;
}

test('without the option bodies are stored as they are given', async () => {
  const store = await openStore(storeFolder(), { flush });
  const body = Buffer.alloc(100_000, words);
  await store.append({ topic: 'T', body });
  const [message] = await messagesOf(store);
  expect(message?.sysFlag).toBe(0);
  expect(storedBytes(message)).toBe(body.length);
});

test('a long body is stored as an LZ4 frame with the flags of RocketMQ, and read as it was given', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, { flush, compression: 'lz4' });
  const body = Buffer.alloc(100_000, words);
  const receipt = await store.append({ topic: 'T', body, tags: 'drink', keys: ['k'], properties: { a: 'b' } });
  expect(receipt.size).toBeLessThan(2000);
  expect(store.stats().appendedBytes).toBe(receipt.size);
  const [message] = await messagesOf(store);
  expect(message).toMatchObject({ sysFlag: compressedFlag, size: receipt.size, tags: 'drink', keys: ['k'] });
  expect(message?.body.equals(body)).toBe(true);
  const frame = message?.toMessage().body;
  expect(Buffer.from(frame ?? []).readUInt32LE(0)).toBe(0x184d2204);
  expect((await store.messageAt(receipt.position))?.body.equals(body)).toBe(true);
  await store.close();

  const reader = await openStore(directory, { readOnly: true });
  expect(reader.readSync('T', 0, 0).messages[0]?.body.equals(body)).toBe(true);
});

test('every way to append compresses, and the batch stays one', async () => {
  const store = await openStore(storeFolder(), { flush, compression: 'lz4' });
  const body = Buffer.alloc(10_000, words);
  await store.append({ topic: 'T', body });
  await store.append({ topic: 'T', body: words.repeat(250) });
  store.appendSync({ topic: 'T', body });
  const queue = store.queue('T', 0);
  await queue.append({ body });
  queue.appendSync({ body });
  const batch = [{ body }, { body: 'short' }, { body: randomBytes(10_000) }, { body }, { body: '' }];
  const receipts = await queue.appendBatch(batch);
  await store.appendBatch(batch.map((each) => ({ topic: 'T', ...each })));
  const messages = await messagesOf(store);
  const flags = [0x101, 0, 0, 0x101, 0];
  expect(messages.map(({ sysFlag }) => sysFlag)).toEqual([0x101, 0x101, 0x101, 0x101, 0x101, ...flags, ...flags]);
  expect(messages.slice(5, 10).map(({ position, size }) => [position, size])).toEqual(
    receipts.map(({ position, size }) => [position, size]),
  );
  expect(messages.slice(0, 5).every((message) => message.body.equals(body))).toBe(true);
  for (const [k, message] of messages.slice(5).entries()) {
    expect(message.body.equals(Buffer.from(batch[k % 5]?.body ?? 'missing'))).toBe(true);
  }
});

test.each([undefined, 1, 100, 4096, 5000])('with minBytes %s one byte fewer is not compressed', async (minBytes) => {
  const store = await openStore(storeFolder(), { flush, compression: { type: 'lz4', minBytes } });
  const least = minBytes ?? 4096;
  for (const length of [least - 1, least, least + 1]) await store.append({ topic: 'T', body: Buffer.alloc(length, 7) });
  const flags = (await messagesOf(store)).map(({ sysFlag }) => sysFlag);
  // One or two bytes never save anything.
  expect(flags).toEqual(least === 1 ? [0, 0, 0] : [0, compressedFlag, compressedFlag]);
});

test('a body is compressed exactly when that saves an eighth of it', () => {
  const compressor = new Compressor(1);
  const length = 4096;
  const noise = randomBytes(length);
  let exact = 0;
  let refused = 0;
  for (let random = 3400; random <= 3700; random++) {
    const body = Buffer.alloc(length, 7);
    noise.copy(body, 0, 0, random);
    const packed = compressor.pack(body, 0);
    if (packed === undefined) refused++;
    else expect(packed.body.length).toBeLessThanOrEqual(length - length / 8);
    if (packed?.body.length === length - length / 8) exact++;
  }
  // Each further random byte takes one more, so the border itself is met.
  expect(exact).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(300);
});

test('what cannot be compressed, and what is empty, is stored as it is', async () => {
  const store = await openStore(storeFolder(), { flush, compression: { type: 'lz4', minBytes: 1 } });
  const bodies = [randomBytes(100_000), Buffer.alloc(0), Buffer.from('x'), deflateSync(randomBytes(50_000))];
  for (const body of bodies) await store.append({ topic: 'T', body });
  const messages = await messagesOf(store);
  expect(messages.map(({ sysFlag }) => sysFlag)).toEqual([0, 0, 0, 0]);
  expect(messages.map(({ body }) => body.toString('hex'))).toEqual(bodies.map((body) => body.toString('hex')));
});

test('the bits that a caller gave stay, but for a type of compression that was not one', async () => {
  const store = await openStore(storeFolder(), { flush, compression: 'lz4' });
  const body = Buffer.alloc(10_000, words);
  for (const sysFlag of [0x2, 0x8, 0x300]) await store.append({ topic: 'T', body, sysFlag, bornHost: '[2001:db8::1]:80' });
  const messages = await messagesOf(store);
  expect(messages.map((message) => message.toMessage().sysFlag)).toEqual([0x103, 0x109, 0x101]);
  expect(messages.every((message) => message.body.equals(body) && message.bornHost === '[2001:db8::1]:80')).toBe(true);
});

test('a body that its producer compressed is stored as it is given, and read decompressed', async () => {
  const store = await openStore(storeFolder(), { flush, compression: { type: 'lz4', minBytes: 1 } });
  const plain = Buffer.alloc(50_000, words);
  const given = deflateSync(plain, { level: 0 }); // which LZ4 could still make smaller
  for (const sysFlag of [0x1, 0x301]) await store.append({ topic: 'T', body: given, sysFlag });
  const messages = await messagesOf(store);
  expect(messages.map(({ sysFlag }) => sysFlag)).toEqual([0x1, 0x301]);
  for (const message of messages) {
    expect((message.toMessage().body as Buffer).equals(given)).toBe(true);
    expect(message.body.equals(plain)).toBe(true);
  }
});

test.each(['lz4', undefined] as const)(
  'a message appended again to a store with compression %s is stored as it was',
  async (compression) => {
    const from = await openStore(storeFolder(), { flush, compression: 'lz4' });
    for (const body of [Buffer.alloc(10_000, words), Buffer.alloc(100, words), randomBytes(10_000)]) {
      await from.append({ topic: 'T', body, tags: 't', flag: 5 });
    }
    const first = await messagesOf(from);
    const to = await openStore(storeFolder(), { flush, ...(compression && { compression }) });
    for (const message of first) await to.append(message.toMessage());
    const second = await messagesOf(to);
    expect(second.map((message) => message.toMessage())).toEqual(first.map((message) => message.toMessage()));
    expect(second.map(({ size }) => size)).toEqual(first.map(({ size }) => size));
    expect(second.map(({ body }) => body.toString('hex'))).toEqual(first.map(({ body }) => body.toString('hex')));
  },
);

test('maxMessageBytes counts a body as it is given, and again as it is read', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, {
    flush,
    compression: 'lz4',
    commitLog: { maxMessageBytes: 100_000, fileBytes: 65536 },
  });
  const error = await rejectionOf(store.append({ topic: 'T', body: Buffer.alloc(100_001, words) }));
  expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', stored: 'no' });
  // Longer than a file, and its record is not.
  const { position } = await store.append({ topic: 'T', body: Buffer.alloc(100_000, words) });
  await store.close();

  const careful = await openStore(directory, { readOnly: true, commitLog: { maxMessageBytes: 99_999 } });
  const message = await careful.messageAt(position);
  expect(() => message?.body).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE', details: { position } }));
  expect(message?.raw).toHaveLength(message?.size ?? 0);
});

test('whatever is appended, in whatever way, comes back as it was and takes no more room than without', async () => {
  const store = await openStore(storeFolder(), { flush, compression: { type: 'lz4', minBytes: 200 } });
  const plain = await openStore(storeFolder(), { flush });
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.nat(255), fc.nat(2000)).map(([byte, count]) => Buffer.alloc(count, byte)),
    fc.nat(2000).map((count) => Buffer.alloc(count, words)),
  );
  const body = fc.array(part, { maxLength: 6 }).map((parts) => Buffer.concat(parts));
  const message: fc.Arbitrary<Message> = fc.record({
    topic: fc.constant('T'),
    queueId: fc.constant(0),
    body: fc.oneof(
      body,
      body.map((bytes) => new Uint8Array(bytes)),
      body.map((bytes) => bytes.toString('latin1')),
    ),
    sysFlag: fc.constantFrom(0, 0x2),
    tags: fc.constantFrom('a', 'b', undefined),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('append', 'batch', 'sync'),
      async (given, way) => {
        const { nextOffset } = store.topic('T')?.queues[0] ?? { nextOffset: 0 };
        const receipts = [];
        if (way === 'batch') receipts.push(...(await store.appendBatch(given)));
        else for (const each of given) receipts.push(way === 'sync' ? store.appendSync(each) : await store.append(each));
        const { messages } = await store.read('T', 0, nextOffset, { maxBytes: 2 ** 20 });
        expect(messages.map((each) => each.body.toString('hex'))).toEqual(
          given.map((each) => Buffer.from(each.body as Buffer).toString('hex')),
        );
        const sizes = (await plain.appendBatch(given)).map(({ size }) => size);
        for (const [k, { size, sysFlag }] of messages.entries()) {
          expect(size).toBe(receipts[k]?.size);
          if ((sysFlag & 1) !== 0) expect(size).toBeLessThan(sizes[k] ?? 0);
        }
      },
    ),
    { seed: testSeed, numRuns: 100 },
  );
});

test('bytes in shared memory are compressed like others', async () => {
  const store = await openStore(storeFolder(), { flush, compression: 'lz4' });
  const body = new Uint8Array(new SharedArrayBuffer(10_000)).fill(7);
  await store.append({ topic: 'T', body });
  const [message] = await messagesOf(store);
  expect(message?.sysFlag).toBe(compressedFlag);
  expect(message?.body.equals(Buffer.alloc(10_000, 7))).toBe(true);
});

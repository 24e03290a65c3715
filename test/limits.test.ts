/** Sizes at, below and above each limit: bodies, the end of a file, topics, properties, batches. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Message, MessageStore, Receipt, StoreOptions } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { openStore, storeFolder } from './storefolder.js';

const fileBytes = 16 * 1024;
const blankBytes = 8;
/** Of a record with IPv4 hosts, with its checksum, without topic, body and properties. */
const fixedBytes = 91 + 20;
const batchMarkBytes = 39;
const writeModes = ['pwrite', 'mapped'] as const;

function options(writeMode: 'pwrite' | 'mapped', more?: StoreOptions): StoreOptions {
  return { commitLog: { fileBytes, writeMode }, consumeQueue: { entriesPerFile: 10 }, ...more };
}

/** A message whose record has `size` bytes. */
function ofSize(size: number, topic = 't', fill = 7): Message {
  return { topic, queueId: 0, body: Buffer.alloc(size - fixedBytes - topic.length, fill) };
}

async function expectBodies(store: MessageStore, topic: string, bodies: readonly (Uint8Array | string)[]): Promise<void> {
  const { messages } = await store.read(topic, 0, 0, { maxMessages: 1000, maxBytes: 64 * 1024 * 1024 });
  expect(messages.length).toBe(bodies.length);
  for (const [at, body] of bodies.entries()) expect(messages[at]?.body.equals(Buffer.from(body as Uint8Array))).toBe(true);
}

function fileOf(directory: string, position: number): Buffer {
  return readFileSync(join(directory, 'commitlog', String(position).padStart(20, '0')));
}

describe.each(writeModes)('in %s', (writeMode) => {
  test('an empty body is a message like any other', async () => {
    const directory = storeFolder();
    let store = await openStore(directory, options(writeMode));
    const receipt = await store.append({ topic: 't', body: '' });
    expect(receipt.size).toBe(fixedBytes + 1);
    expect(store.appendSync({ topic: 't', body: new Uint8Array(0) }).offset).toBe(1);
    await store.appendBatch([
      { topic: 't', body: '' },
      { topic: 't', body: '' },
    ]);
    await store.close();
    store = await openStore(directory, options(writeMode));
    await expectBodies(store, 't', ['', '', '', '']);
  });

  test('a body of 4 MiB is the largest by default, one byte more is refused before anything is assigned', async () => {
    const directory = storeFolder();
    const large = { commitLog: { fileBytes: 8 * 1024 * 1024, writeMode } };
    let store = await openStore(directory, large);
    const body = Buffer.alloc(4 * 1024 * 1024, 'mill');
    const error = await rejectionOf(store.append({ topic: 't', body: Buffer.alloc(body.length + 1) }));
    expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', stored: 'no', retriable: false });
    const receipts = [await store.append({ topic: 't', body }), store.appendSync({ topic: 't', body })];
    // The second does not fit behind the first.
    expect(receipts.map(({ position }) => position)).toEqual([0, 8 * 1024 * 1024]);
    await expectBodies(store, 't', [body, body]);
    await store.close();
    store = await openStore(directory, large);
    await expectBodies(store, 't', [body, body]);
  });

  test.each([-1, 0, 1])(
    'a record of %i bytes more than the file takes beside its end mark stands where it fits',
    async (excess) => {
      const directory = storeFolder();
      let store = await openStore(directory, options(writeMode));
      const first = await store.append(ofSize(1000));
      const second = ofSize(fileBytes - first.size - blankBytes + excess, 't', 8);
      const fits = excess <= 0;
      const receipt = await store.append(second);
      expect(receipt.position).toBe(fits ? first.size : fileBytes);
      await store.close();
      store = await openStore(directory, options(writeMode));
      expect(store.recovery).toMatchObject({ cleanShutdown: true, truncatedFrom: undefined });
      const third = await store.append(ofSize(300, 't', 9));
      expect(third.position).toBe(
        fits ? fileBytes : fileBytes + receipt.size > 2 * fileBytes - 308 ? 2 * fileBytes : fileBytes + receipt.size,
      );
      await store.close();
      const blankAt = fits ? first.size + receipt.size : first.size;
      expect(fileOf(directory, 0).readInt32BE(blankAt)).toBe(fileBytes - blankAt);
      expect(fileOf(directory, 0).readUInt32BE(blankAt + 4)).toBe(0xcbd43194);
      store = await openStore(directory, options(writeMode));
      await expectBodies(store, 't', [ofSize(1000).body, second.body, ofSize(300, 't', 9).body]);
    },
  );

  test('the largest record fills a file up to its end mark, one byte more is refused and leaves no trace', async () => {
    const directory = storeFolder();
    let store = await openStore(directory, options(writeMode));
    for (const excess of [1, 2, blankBytes]) {
      const error = await rejectionOf(store.append(ofSize(fileBytes - blankBytes + excess)));
      expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', stored: 'no' });
    }
    const receipts = [];
    for (let i = 0; i < 3; i++) receipts.push(await store.append(ofSize(fileBytes - blankBytes, 't', i)));
    expect(receipts.map(({ offset, position }) => [offset, position])).toEqual([
      [0, 0],
      [1, fileBytes],
      [2, 2 * fileBytes],
    ]);
    await store.close();
    store = await openStore(directory, options(writeMode));
    await expectBodies(
      store,
      't',
      [0, 1, 2].map((fill) => ofSize(fileBytes - blankBytes, 't', fill).body),
    );
  });

  test('a batch fills a file exactly, and one byte more is refused as a whole', async () => {
    const directory = storeFolder();
    let store = await openStore(directory, options(writeMode));
    const batch = (bytes: number): Message[] => [ofSize(2000), ofSize(3000), ofSize(bytes - batchMarkBytes - 5000)];
    const error = await rejectionOf(store.appendBatch(batch(fileBytes - blankBytes + 1)));
    expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', stored: 'no' });
    const whole = await store.appendBatch(batch(fileBytes - blankBytes));
    expect(whole.map(({ position }) => position)).toEqual([0, 2000 + batchMarkBytes, 5000 + batchMarkBytes]);
    expect(endOf(whole)).toBe(fileBytes - blankBytes);
    // What is left of the second file is filled exactly, then one byte too many goes to the next one as a whole.
    const single = await store.append(ofSize(1000));
    expect(single.position).toBe(fileBytes);
    expect(endOf(await store.appendBatch(batch(fileBytes - 1000 - blankBytes)))).toBe(2 * fileBytes - blankBytes);
    expect((await store.append(ofSize(1000))).position).toBe(2 * fileBytes);
    expect((await store.appendBatch(batch(fileBytes - 1000 - blankBytes + 1)))[0]?.position).toBe(3 * fileBytes);
    await store.close();
    store = await openStore(directory, options(writeMode));
    expect(store.topic('t')?.queues[0]?.maxOffset).toBe(11);
    const { messages, lost } = await store.read('t', 0, 0, { maxMessages: 100, maxBytes: 1 << 20 });
    expect([messages.length, lost]).toEqual([11, []]);
  });
});

function endOf(receipts: readonly Receipt[]): number {
  const last = receipts.at(-1) as Receipt;
  return last.position + last.size;
}

test.each([1, 126, 127, 128, 255])(
  'a topic of %i characters is stored, in a V2 record when it is longer than 127',
  async (length) => {
    const directory = storeFolder();
    const topic = 'L'.repeat(length);
    let store = await openStore(directory, { commitLog: { fileBytes } });
    const receipt = await store.append({ topic, body: 'x' });
    expect(receipt.size).toBe(fixedBytes + 1 + length + (length > 127 ? 1 : 0));
    await store.appendBatch([
      { topic, body: 'y' },
      { topic, body: 'z' },
    ]);
    await store.close();
    store = await openStore(directory, { commitLog: { fileBytes } });
    const { messages } = await store.read(topic, 0, 0);
    expect(messages.map((message) => [message.topic, message.body.toString()])).toEqual([
      [topic, 'x'],
      [topic, 'y'],
      [topic, 'z'],
    ]);
    expect(messages[0]?.raw.readUInt32BE(4)).toBe(length > 127 ? 0xdaa320ab : 0xdaa320a7);
  },
);

test('a topic of 256 characters is refused', async () => {
  const store = await openStore(storeFolder(), { commitLog: { fileBytes } });
  expect(await rejectionOf(store.append({ topic: 'L'.repeat(256), body: '' }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(store.topics()).toEqual([]);
});

describe('properties of 32,767 bytes with the checksum', () => {
  const roomy = { commitLog: { fileBytes: 256 * 1024 } };
  const most = 32767 - 20;
  const named = (bytes: number): Message => ({ topic: 't', body: 'b', properties: { p: 'v'.repeat(bytes - 3) } });
  const encoded = (bytes: number): Message => ({ topic: 't', body: 'b', properties: `p\x01${'v'.repeat(bytes - 2)}` });
  const wide = (bytes: number): Message => ({ topic: 't', body: 'b', properties: { p: 'é'.repeat((bytes - 3) / 2) } });

  test.each([
    ['in a record', named, most],
    ['of two-byte characters', wide, most],
    // One more byte stands between them and the checksum.
    ['encoded without an end', encoded, most - 1],
  ] as const)('%s are the most, and come back whole', async (_, make, bytes) => {
    const directory = storeFolder();
    let store = await openStore(directory, roomy);
    const step = make === wide ? 2 : 1;
    const error = await rejectionOf(store.append(make(bytes + step)));
    expect(error).toMatchObject({ code: 'PROPERTIES_TOO_LARGE', stored: 'no', retriable: false });
    for (const size of [bytes, bytes - step]) {
      const receipt = await store.append(make(size));
      expect(receipt.size).toBe(fixedBytes + 1 + 1 + size + (make === encoded ? 1 : 0));
    }
    await store.close();
    store = await openStore(directory, roomy);
    const { messages } = await store.read('t', 0, 0);
    expect(messages.map(({ properties }) => Buffer.byteLength(properties.p ?? ''))).toEqual(
      [bytes, bytes - step].map((size) => size - (make === encoded ? 2 : 3)),
    );
  });

  test('the first message of a batch has that much less room, the others have not', async () => {
    const store = await openStore(storeFolder(), roomy);
    const small = { topic: 't', body: '' };
    expect(await rejectionOf(store.appendBatch([named(most - batchMarkBytes + 1), small]))).toMatchObject({
      code: 'PROPERTIES_TOO_LARGE',
      stored: 'no',
    });
    expect(await rejectionOf(store.appendBatch([small, named(most + 1)]))).toMatchObject({ code: 'PROPERTIES_TOO_LARGE' });
    await store.appendBatch([named(most - batchMarkBytes), named(most)]);
    expect((await store.read('t', 0, 0)).messages.map(({ offset }) => offset)).toEqual([0, 1]);
  });
});

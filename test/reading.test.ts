/** Reads: what each status means, how far a read goes, and that what it gave never changes. */
import { openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import type { MessageStore, StoredMessage, StoreOptions } from '../ts/index.js';
import { openStore, storeFolder } from './storefolder.js';

const small: StoreOptions = { commitLog: { fileBytes: 16 * 1024 }, consumeQueue: { entriesPerFile: 50 } };

async function filled(directory: string, count: number, options: StoreOptions = small): Promise<MessageStore> {
  const store = await openStore(directory, options);
  await Promise.all(Array.from({ length: count }, (_, i) => store.append({ topic: 'T', body: bodyOf(i) })));
  return store;
}

function bodyOf(i: number): string {
  return `${i}:`.repeat(1 + (i % 97));
}

/** Stores one byte into the file of the log that holds `position`. */
function damage(directory: string, position: number, byte = 0xff): void {
  const file = openSync(join(directory, 'commitlog', String(position - (position % 16384)).padStart(20, '0')), 'r+');
  writeSync(file, Buffer.of(byte), 0, 1, position % 16384);
}

test('the status says what the offset met, and nextOffset where to go on', async () => {
  const store = await filled(storeFolder(), 5);
  await store.createTopic('empty', { queues: 2 });
  await store.createTopic('again');
  await store.appendBatch([1, 2, 3].map((i) => ({ topic: 'again', body: `${i}` })));
  await store.deleteTopic('again');
  await store.createTopic('again');
  const at = async (topic: string, queueId: number, offset: number): Promise<unknown[]> => {
    const result = await store.read(topic, queueId, offset);
    const now = store.readSync(topic, queueId, offset);
    const raw = await store.readRaw(topic, queueId, offset);
    const numbers = ({ status, minOffset, maxOffset, nextOffset }: typeof result | typeof raw): unknown[] => [
      status,
      minOffset,
      maxOffset,
      nextOffset,
    ];
    expect(numbers(now)).toEqual(numbers(result));
    expect(numbers(raw)).toEqual(numbers(result));
    expect([now.messages.length, raw.messages]).toEqual([result.messages.length, result.messages.length]);
    return [...numbers(result), result.messages.length];
  };
  expect(await at('nobody', 0, 0)).toEqual(['NO_MATCHED_LOGIC_QUEUE', 0, 0, 0, 0]);
  expect(await at('T', 7, 3)).toEqual(['NO_MATCHED_LOGIC_QUEUE', 0, 0, 0, 0]);
  expect(await at('empty', 1, 0)).toEqual(['NO_MESSAGE_IN_QUEUE', 0, 0, 0, 0]);
  expect(await at('empty', 1, 9)).toEqual(['NO_MESSAGE_IN_QUEUE', 0, 0, 0, 0]);
  expect(await at('T', 0, 0)).toEqual(['FOUND', 0, 5, 5, 5]);
  expect(await at('T', 0, 4)).toEqual(['FOUND', 0, 5, 5, 1]);
  expect(await at('T', 0, 5)).toEqual(['OFFSET_OVERFLOW_ONE', 0, 5, 5, 0]);
  expect(await at('T', 0, 6)).toEqual(['OFFSET_OVERFLOW_BADLY', 0, 5, 5, 0]);
  expect(await at('again', 0, 2)).toEqual(['OFFSET_TOO_SMALL', 3, 3, 3, 0]);
  expect(await at('again', 0, 3)).toEqual(['OFFSET_OVERFLOW_ONE', 3, 3, 3, 0]);
  await store.append({ topic: 'again', body: 'after' });
  expect(await at('again', 0, 3)).toEqual(['FOUND', 3, 4, 4, 1]);
});

test('a log whose oldest file is gone begins where the next one does', async () => {
  const directory = storeFolder();
  const store = await filled(directory, 300);
  await store.close();
  const [oldest = ''] = readdirSync(join(directory, 'commitlog')).sort();
  rmSync(join(directory, 'commitlog', oldest));
  const shorter = await openStore(directory, { ...small, readOnly: true });
  const queue = shorter.queue('T', 0);
  expect(queue.minOffset).toBeGreaterThan(0);
  expect(queue.maxOffset).toBe(300);
  expect(await shorter.read('T', 0, 0)).toMatchObject({ status: 'OFFSET_TOO_SMALL', nextOffset: queue.minOffset, messages: [] });
  const { messages } = await shorter.read('T', 0, queue.minOffset, { maxMessages: 1000 });
  expect(messages[0]?.body.toString()).toBe(bodyOf(queue.minOffset));
  expect(await queue.earliestTimestamp()).toBe(messages[0]?.storeTimestamp);
});

test('a read stops at maxMessages, maxBytes and maxScanned, but never before its first message', async () => {
  const store = await filled(storeFolder(), 200);
  const all = store.readSync('T', 0, 0, { maxMessages: 1000, maxBytes: 1 << 20 });
  const sizes = all.messages.map(({ size }) => size);
  const read = (options: object): [number, number] => {
    const { messages, nextOffset } = store.readSync('T', 0, 10, options);
    return [messages.length, nextOffset];
  };
  expect(store.readSync('T', 0, 0).messages.length).toBe(32);
  expect(read({ maxMessages: 1 })).toEqual([1, 11]);
  expect(read({ maxMessages: 100 })).toEqual([100, 110]);
  expect(read({ maxMessages: 100, maxScanned: 7 })).toEqual([7, 17]);
  expect(read({ maxBytes: 1 })).toEqual([1, 11]);
  const three = (sizes[10] ?? 0) + (sizes[11] ?? 0) + (sizes[12] ?? 0);
  expect(read({ maxBytes: three })).toEqual([3, 13]);
  expect(read({ maxBytes: three - 1 })).toEqual([2, 12]);
});

test('without a limit of its own a read takes 256 KiB', async () => {
  const store = await openStore(storeFolder(), { commitLog: { fileBytes: 1 << 20 } });
  await Promise.all(Array.from({ length: 8 }, () => store.append({ topic: 'T', body: Buffer.alloc(60 * 1024) })));
  expect(store.readSync('T', 0, 0).messages.length).toBe(4);
});

test('one read goes over the borders of log files and queue files, the same by read, readSync and readRaw', async () => {
  const directory = storeFolder();
  const check = async (store: MessageStore): Promise<void> => {
    const limits = { maxMessages: 1000, maxBytes: 1 << 20 };
    const { messages, nextOffset } = await store.read('T', 0, 0, limits);
    expect(nextOffset).toBe(400);
    expect(messages.map((message) => message.body.toString())).toEqual(Array.from({ length: 400 }, (_, i) => bodyOf(i)));
    expect(messages.map(({ offset }) => offset)).toEqual(Array.from({ length: 400 }, (_, i) => i));
    expect(store.readSync('T', 0, 0, limits).messages.map(({ raw }) => raw)).toEqual(messages.map(({ raw }) => raw));
    const raw = await store.readRaw('T', 0, 0, limits);
    expect([raw.messages, raw.nextOffset]).toEqual([400, 400]);
    expect(raw.bytes.equals(Buffer.concat(messages.map((message) => message.raw)))).toBe(true);
    for (const { position, raw: record } of messages) expect((await store.messageAt(position))?.raw.equals(record)).toBe(true);
  };
  const store = await filled(directory, 400);
  expect(readdirSync(join(directory, 'commitlog')).length).toBeGreaterThan(4);
  await check(store);
  await store.close();
  await check(await openStore(directory, small));
  await check(await openStore(directory, { ...small, readOnly: true }));
});

test('what a read gave stays as it was, whatever is appended, read and closed afterwards', async () => {
  const directory = storeFolder();
  const store = await filled(directory, 50);
  const kept: StoredMessage[] = [];
  for (let offset = 0; offset < 50; offset++) kept.push(...store.readSync('T', 0, offset, { maxMessages: 1 }).messages);
  kept.push(...(await store.read('T', 0, 0, { maxMessages: 50 })).messages);
  const before = kept.map(({ raw }) => Buffer.from(raw));
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 20 }, () => store.append({ topic: 'T', body: Buffer.alloc(3000, 0xee) })));
    store.readSync('T', 0, round * 20, { maxMessages: 100 });
    await store.read('T', 0, round * 20, { maxMessages: 100 });
  }
  await store.close();
  rmSync(join(directory, 'commitlog'), { recursive: true });
  expect(kept.map(({ raw }, at) => raw.equals(before[at] as Buffer))).toEqual(kept.map(() => true));
});

test('with durable visibility a message that is only written has its number and is not shown', async () => {
  const store = await openStore(storeFolder(), { ...small, flush: { mode: 'sync', intervalMs: 3_600_000 } });
  const receipt = await store.append({ topic: 'T', body: 'a' }, { durability: 'written' });
  const queue = store.queue('T', 0);
  expect([receipt.offset, queue.nextOffset, queue.maxOffset]).toEqual([0, 1, 0]);
  expect(store.readSync('T', 0, 0).status).toBe('NO_MESSAGE_IN_QUEUE');
  expect(await store.messageAt(receipt.position)).toBeUndefined();
  const { visible, durable, written } = await store.flush();
  expect([visible, durable, written]).toEqual(Array(3).fill(receipt.position + receipt.size));
  expect(store.readSync('T', 0, 0).messages[0]?.body.toString()).toBe('a');
  expect(queue.maxOffset).toBe(1);
});

test('messageAt knows records and nothing else: no middle, no end mark, no end, no record inside a body', async () => {
  const store = await openStore(storeFolder(), small);
  const plain = await store.append({ topic: 'T', body: 'inner' });
  // A whole record with the position where it is going to stand, and a checksum that holds.
  const disguised = Buffer.from((await store.messageAt(plain.position))?.raw as Buffer);
  const innerAt = plain.size + 88;
  disguised.writeBigInt64BE(BigInt(innerAt), 28);
  const checksum = crc32(disguised.subarray(0, -20)) & 0x7fff_ffff;
  disguised.write([...String(checksum).padStart(10, '0')].reverse().join(''), disguised.length - 11);
  const outer = await store.append({ topic: 'T', body: disguised });
  expect(outer.position).toBe(plain.size);
  const end = outer.position + outer.size;
  const next = await store.append({ topic: 'T', body: Buffer.alloc(16_200) });
  expect(next.position).toBe(16 * 1024);
  for (const nowhere of [plain.position + 1, innerAt, end, next.position - 8, next.position + next.size, 1e9]) {
    expect(await store.messageAt(nowhere)).toBeUndefined();
  }
  expect((await store.messageAt(outer.position))?.body.equals(disguised)).toBe(true);
});

test.each([
  ['always', true, true],
  ['first', true, false],
  ['never', false, false],
] as const)('verify %s looks at a record whenever it says so', async (verify, findsBefore, findsAfter) => {
  const directory = storeFolder();
  const store = await filled(directory, 3);
  const [first, second] = store.readSync('T', 0, 0).messages as [StoredMessage, StoredMessage];
  await store.close();
  damage(directory, first.position + 88);
  const later = await openStore(directory, { ...small, verify });
  const seen = async (): Promise<number[]> => (await later.read('T', 0, 0)).messages.map(({ offset }) => offset);
  expect(await seen()).toEqual(findsBefore ? [1, 2] : [0, 1, 2]);
  expect(later.lost.length).toBe(findsBefore ? 1 : 0);
  damage(directory, second.position + 88);
  const after = await seen();
  expect(after.includes(1)).toBe(!findsAfter);
});

test('a damaged message is stepped over and told of; alone it is MESSAGE_LOST', async () => {
  const directory = storeFolder();
  const store = await filled(directory, 3);
  const { messages } = store.readSync('T', 0, 0);
  const { position, size } = messages[1] as StoredMessage;
  await store.close();
  damage(directory, position + 90);
  const later = await openStore(directory, small);
  const range = { from: position, to: position + size, reason: 'checksum' };
  const lost = [{ fromOffset: 1, toOffset: 2, ranges: [range] }];
  expect(await later.read('T', 0, 0)).toMatchObject({ status: 'FOUND', nextOffset: 3, lost });
  expect(await later.read('T', 0, 1, { maxMessages: 1 })).toMatchObject({
    status: 'MESSAGE_LOST',
    nextOffset: 2,
    lost,
    messages: [],
  });
  expect(await later.read('T', 0, 2)).toMatchObject({ status: 'FOUND', nextOffset: 3, lost: [] });
  await expect(later.messageAt(position)).rejects.toMatchObject({ code: 'CORRUPTION' });
  expect(later.lost).toMatchObject([range]);
  expect(later.stats().lostBytes).toBe(size);
  await later.close();
  const again = await openStore(directory, small);
  expect([again.recovery.lost, again.recovery.newlyLost]).toMatchObject([[range], []]);
});

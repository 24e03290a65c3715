/** RocketMQ's own bytes, seen through the public surface: records put into a log are read, and what is stored here is what it stores. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoreOptions } from '../ts/index.js';
import { goldenFields, recordBytes } from './recordbytes.js';
import { openStore, storeFolder } from './storefolder.js';

const plainHex =
  '000000c5daa320a735381f16000000030102030400000000000000070000000000000000000000000000018bcfe56800' +
  '0a0102030000d4310000018bcfe5687b0a09080700002a9f000000020000000000000000000000100104070a0d101316' +
  '191c1f2225282b2e0b476f6c64656e546f706963004f4b455953016b657930206f726465723002554e49515f4b455901' +
  '374630303030303141424344313842344141433230303030303030303030303002574149540174727565025441475301' +
  '5461674102';
const checksummedHex =
  '000000d9daa320a735381f160000000301020304000000000000000800000000000000c5000000000000018bcfe56800' +
  '0a0102030000d4310000018bcfe5687b0a09080700002a9f000000020000000000000000000000100104070a0d101316' +
  '191c1f2225282b2e0b476f6c64656e546f70696300634b455953016b657930206f726465723002554e49515f4b455901' +
  '374630303030303141424344313842344141433230303030303030303030303002574149540174727565025441475301' +
  '54616741025f5f435243333223013831383139343835303102';
const fileBytes = 4096;
const small: StoreOptions = { commitLog: { fileBytes }, consumeQueue: { entriesPerFile: 50 } };

/** A store as RocketMQ leaves it: one file of the log that begins with these records, and nothing else. */
function rocketmqStore(...records: readonly Buffer[]): string {
  const directory = storeFolder();
  mkdirSync(join(directory, 'commitlog'), { recursive: true });
  const file = Buffer.alloc(fileBytes);
  Buffer.concat(records).copy(file);
  writeFileSync(join(directory, 'commitlog', '0'.repeat(20)), file);
  return directory;
}

function entryHex(directory: string, queue: string, offset: number): string {
  const file = readFileSync(join(directory, 'consumequeue', queue, '0'.repeat(20)));
  return file.subarray(offset * 20, offset * 20 + 20).toString('hex');
}

test('records with and without a checksum are read back whole, and their queue gets the entries that RocketMQ gives it', async () => {
  const plain = Buffer.from(plainHex, 'hex');
  const checksummed = Buffer.from(checksummedHex, 'hex');
  const directory = rocketmqStore(plain, checksummed);
  const store = await openStore(directory, small);
  expect(store.queue('GoldenTopic', 3)).toMatchObject({ minOffset: 7, maxOffset: 9, nextOffset: 9 });
  const { messages } = await store.read('GoldenTopic', 3, 7);
  expect(messages.map(({ raw }) => raw.toString('hex'))).toEqual([plainHex, checksummedHex]);
  expect(messages.map(({ messageId }) => messageId)).toEqual([
    '0A09080700002A9F0000000000000000',
    '0A09080700002A9F00000000000000C5',
  ]);
  for (const message of messages) {
    expect(message).toMatchObject({
      topic: goldenFields.topic,
      queueId: 3,
      flag: goldenFields.flag,
      bornTimestamp: goldenFields.bornTimestamp,
      storeTimestamp: goldenFields.storeTimestamp,
      bornHost: goldenFields.bornHost,
      storeHost: goldenFields.storeHost,
      reconsumeTimes: 2,
      tags: 'TagA',
      keys: ['key0', 'order0'],
      properties: { KEYS: 'key0 order0', UNIQ_KEY: '7F000001ABCD18B4AAC2000000000000', WAIT: 'true', TAGS: 'TagA' },
    });
    expect(message.body.equals(Buffer.from(goldenFields.body))).toBe(true);
  }
  expect((await store.messageAt(plain.length))?.offset).toBe(8);
  expect((await store.append({ topic: 'GoldenTopic', queueId: 3, body: 'ours' })).position).toBe(plain.length + checksummed.length);
  await store.close();
  expect(entryHex(directory, 'GoldenTopic/3', 6)).toBe('00000000000000007fffffff0000000000000000');
  expect(entryHex(directory, 'GoldenTopic/3', 7)).toBe('0000000000000000000000c5000000000027a807');
  expect(entryHex(directory, 'GoldenTopic/3', 8)).toBe('00000000000000c5000000d9000000000027a807');
});

const first = { queueId: 0, offset: 0 };
test.each([
  [
    'with IPv6 hosts',
    { ...first, bornHost: '[2001:db8::1]:54321', storeHost: '[fe80::5]:10911' },
    '9bed26a0c774ca9af39649521be3d440794607365da962ed720e281eeb23be6c',
  ],
  [
    'of a topic of 150 characters',
    { ...first, topic: 'L'.repeat(150) },
    '935881b799e7c3a7bc7735237e5916db02e04042f856205fcaf919b234bad354',
  ],
  [
    'without body and properties',
    { ...first, body: new Uint8Array(0), properties: '' },
    'b9d8d88d1e01c1c1af338de9fffa4c5e8a843d2f3fe482e22d1bf4fd13f0f5e7',
  ],
] as const)('a record %s is read back byte for byte', async (_, changes, sha256) => {
  const record = recordBytes(changes);
  expect(createHash('sha256').update(record).digest('hex')).toBe(sha256);
  const store = await openStore(rocketmqStore(record), small);
  const fields = { ...goldenFields, ...changes };
  const { messages } = await store.read(fields.topic, 0, 0);
  expect(messages.map(({ raw }) => raw.equals(record))).toEqual([true]);
  const [message] = messages;
  expect(message).toMatchObject({
    topic: fields.topic,
    bornHost: fields.bornHost,
    storeHost: fields.storeHost,
    offset: 0,
    position: 0,
  });
  expect(message?.body.equals(Buffer.from(fields.body))).toBe(true);
});

test('what a golden message is appended as differs from the golden record in nothing but the checksum', async () => {
  const store = await openStore(storeFolder(), { ...small, storeHost: '10.9.8.7:10911', clock: () => 1_700_000_000_123 });
  await store.createTopic('GoldenTopic', { queues: 4 });
  const { body, properties, flag, bornTimestamp, bornHost, reconsumeTimes } = goldenFields;
  const message = { topic: 'GoldenTopic', queueId: 3, body, properties, flag, bornTimestamp, bornHost, reconsumeTimes };
  const receipt = await store.append(message);
  expect(receipt.messageId).toBe('0A09080700002A9F0000000000000000');
  const raw = (await store.messageAt(0))?.raw as Buffer;
  const golden = Buffer.from(plainHex, 'hex');
  golden.writeInt32BE(golden.length + 20, 0);
  golden.writeBigInt64BE(0n, 20);
  golden.writeInt16BE(golden.readInt16BE(116) + 20, 116);
  expect(raw.subarray(0, -20).toString('hex')).toBe(golden.toString('hex'));
  expect(raw.subarray(-20).toString('latin1')).toMatch(/^__CRC32#\x01[0-9]{10}\x02$/);
});

test('a tag stands in its queue entry as Java hashes it', async () => {
  const codes = {
    A: '0000000000000041',
    TagA: '000000000027a807',
    TagB: '000000000027a808',
    TAGS_LONG_VALUE_0123456789: 'ffffffffe8c00570',
    标签: '00000000000d1457',
    '标签🚀': '000000003134687a',
    'a||b': '00000000002df8e1',
    polygenelubricants: 'ffffffff80000000',
  };
  const directory = storeFolder();
  const store = await openStore(directory, small);
  for (const tags of [...Object.keys(codes), undefined]) await store.append({ topic: 'T', body: '', tags });
  await store.close();
  const stored = [...Object.values(codes), '0000000000000000'].map((_, offset) => entryHex(directory, 'T/0', offset).slice(24));
  expect(stored).toEqual([...Object.values(codes), '0000000000000000']);
});

test('a file that has 136 bytes left and cannot take the next record ends as RocketMQ ends it', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  await store.append({ topic: 'T', body: Buffer.alloc(fileBytes - 136 - 112) });
  await store.append({ topic: 'T', body: Buffer.alloc(100) });
  await store.close();
  const file = readFileSync(join(directory, 'commitlog', '0'.repeat(20)));
  expect(file.subarray(-136, -128).toString('hex')).toBe('00000088cbd43194');
});

test('after a close the checkpoint says up to which time messages and queue entries are on disk', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, { ...small, clock: () => 1_700_000_000_123 });
  await store.append({ topic: 'T', body: 'b' });
  await store.close();
  const checkpoint = readFileSync(join(directory, 'checkpoint'));
  expect(checkpoint.length).toBe(4096);
  expect(checkpoint.subarray(0, 16).toString('hex')).toBe('0000018bcfe5687b0000018bcfe5687b');
  expect(checkpoint.subarray(16).every((byte) => byte === 0)).toBe(true);
});

/** Messages read back: every field of RocketMQ's golden records, and appending one again. */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { StoredRecord } from '../ts/message.js';
import { encodeProperties } from '../ts/properties.js';
import { goldenFields, type RecordFields, recordBytes } from './recordbytes.js';

/** RocketMQ's bytes for the golden fields. */
const goldenHex =
  '000000c5daa320a735381f16000000030102030400000000000000070000000000000000000000000000018bcfe56800' +
  '0a0102030000d4310000018bcfe5687b0a09080700002a9f000000020000000000000000000000100104070a0d101316' +
  '191c1f2225282b2e0b476f6c64656e546f706963004f4b455953016b657930206f726465723002554e49515f4b455901' +
  '374630303030303141424344313842344141433230303030303030303030303002574149540174727565025441475301' +
  '5461674102';
/** The one behind it, with the checksum of the whole record. */
const checkedHex =
  '000000d9daa320a735381f160000000301020304000000000000000800000000000000c5000000000000018bcfe56800' +
  '0a0102030000d4310000018bcfe5687b0a09080700002a9f000000020000000000000000000000100104070a0d101316' +
  '191c1f2225282b2e0b476f6c64656e546f70696300634b455953016b657930206f726465723002554e49515f4b455901' +
  '374630303030303141424344313842344141433230303030303030303030303002574149540174727565025441475301' +
  '54616741025f5f435243333223013831383139343835303102';

/** The message in the middle of a buffer, as a read returns it. */
function stored(record: Buffer): StoredRecord {
  return new StoredRecord(Buffer.concat([Buffer.alloc(13, 0xee), record, Buffer.alloc(7, 0xee)]), 13, record.length, 4096);
}

function storedWith(changes: Partial<RecordFields>): StoredRecord {
  return stored(recordBytes(changes));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('the golden record is read field by field', () => {
  const message = stored(Buffer.from(goldenHex, 'hex'));
  expect(message.topic).toBe('GoldenTopic');
  expect(message.queueId).toBe(3);
  expect(message.offset).toBe(7);
  expect(message.position).toBe(0);
  expect(message.size).toBe(197);
  expect(message.flag).toBe(0x01020304);
  expect(message.sysFlag).toBe(0);
  expect(message.bornTimestamp).toBe(1700000000000);
  expect(message.bornHost).toBe('10.1.2.3:54321');
  expect(message.storeTimestamp).toBe(1700000000123);
  expect(message.storeHost).toBe('10.9.8.7:10911');
  expect(message.reconsumeTimes).toBe(2);
  expect(message.preparedTransactionOffset).toBe(0);
  expect(message.body).toEqual(Buffer.from(goldenFields.body));
  expect(message.tags).toBe('TagA');
  expect(message.keys).toEqual(['key0', 'order0']);
  expect(message.properties).toEqual({
    KEYS: 'key0 order0',
    UNIQ_KEY: '7F000001ABCD18B4AAC2000000000000',
    WAIT: 'true',
    TAGS: 'TagA',
  });
  expect(message.messageId).toBe('0A09080700002A9F0000000000000000');
  expect(message.raw.toString('hex')).toBe(goldenHex);
});

test('the checksum and the mark of a batch are not shown as properties', () => {
  const message = stored(Buffer.from(checkedHex, 'hex'));
  expect(message.messageId).toBe('0A09080700002A9F00000000000000C5');
  expect(Object.keys(message.properties)).toEqual(['KEYS', 'UNIQ_KEY', 'WAIT', 'TAGS']);
  const marked = storedWith({ properties: 'a\x01b\x02__MILLRACE_BATCH\x010000000002:0000000400\x02__CRC32#\x018181948501\x02' });
  expect(marked.properties).toEqual({ a: 'b' });
});

test('the encoder of these tests makes the golden bytes', () => {
  const v6 = { queueId: 0, offset: 0, bornHost: '[2001:db8::1]:54321', storeHost: '[fe80::5]:10911' };
  const v4 = { queueId: 0, offset: 0 };
  expect(recordBytes().toString('hex')).toBe(goldenHex);
  expect(sha256(recordBytes(v6))).toBe('9bed26a0c774ca9af39649521be3d440794607365da962ed720e281eeb23be6c');
  expect(sha256(recordBytes({ ...v4, topic: 'L'.repeat(150) }))).toBe(
    '935881b799e7c3a7bc7735237e5916db02e04042f856205fcaf919b234bad354',
  );
  const empty = recordBytes({ ...v4, body: new Uint8Array(), properties: '' });
  expect(sha256(empty)).toBe('b9d8d88d1e01c1c1af338de9fffa4c5e8a843d2f3fe482e22d1bf4fd13f0f5e7');
});

test.each([
  ['10.1.2.3:54321', '10.9.8.7:10911'],
  ['[2001:db8::1]:54321', '10.9.8.7:10911'],
  ['10.1.2.3:54321', '[fe80::5]:10911'],
  ['[2001:db8::1]:54321', '[fe80::5]:10911'],
])('hosts %s and %s leave every field behind them readable, in both versions', (bornHost, storeHost) => {
  for (const topic of ['T', 'L'.repeat(127), 'L'.repeat(128), 'L'.repeat(255)]) {
    const message = storedWith({ topic, bornHost, storeHost, preparedTransactionOffset: 2 ** 40 + 5 });
    expect(message.topic).toBe(topic);
    expect(message.bornHost).toBe(bornHost);
    expect(message.storeHost).toBe(storeHost);
    expect(message.storeTimestamp).toBe(1700000000123);
    expect(message.reconsumeTimes).toBe(2);
    expect(message.preparedTransactionOffset).toBe(2 ** 40 + 5);
    expect(message.body).toEqual(Buffer.from(goldenFields.body));
    expect(message.tags).toBe('TagA');
    expect(message.messageId).toHaveLength(storeHost.startsWith('[') ? 56 : 32);
  }
});

test('numbers up to the largest safe integer, and negative ones, are read whole', () => {
  const message = storedWith({ offset: 2 ** 53 - 1, position: 2 ** 40 + 1, bornTimestamp: -1, flag: -5 });
  expect(message.offset).toBe(2 ** 53 - 1);
  expect(message.position).toBe(2 ** 40 + 1);
  expect(message.bornTimestamp).toBe(-1);
  expect(message.flag).toBe(-5);
});

test('a message without body and properties has neither', () => {
  const message = storedWith({ body: new Uint8Array(), properties: '' });
  expect(message.body).toHaveLength(0);
  expect(message.tags).toBeUndefined();
  expect(message.keys).toEqual([]);
  expect(message.properties).toEqual({});
});

test('the properties are decoded once and frozen, and tags and keys agree with them', () => {
  const message = storedWith({ properties: 'KEYS\x01 a  b \x02TAGS\x01t' });
  expect([message.tags, message.keys]).toEqual(['t', ['a', 'b']]);
  expect(message.properties).toBe(message.properties);
  expect(Object.isFrozen(message.properties)).toBe(true);
  expect([message.tags, message.keys]).toEqual(['t', ['a', 'b']]);
});

test('the message to append again has what the producer gave, without the queue', () => {
  const message = storedWith({
    bornHost: '[2001:db8::1]:54321',
    sysFlag: 0x2,
    properties: `${goldenFields.properties}__SHARDINGKEY\x01s\x02`,
  });
  expect(message.toMessage()).toEqual({
    topic: 'GoldenTopic',
    body: Buffer.from(goldenFields.body),
    flag: 0x01020304,
    sysFlag: 0x2,
    reconsumeTimes: 2,
    preparedTransactionOffset: 0,
    bornTimestamp: 1700000000000,
    bornHost: '[2001:db8::1]:54321',
    tags: 'TagA',
    keys: 'key0 order0',
    shardingKey: 's',
    properties: { UNIQ_KEY: '7F000001ABCD18B4AAC2000000000000', WAIT: 'true' },
  });
});

test.each([
  '',
  'TAGS\x01t\x02',
  'INNER_NUM\x013\x02TAGS\x01t\x02__CRC32#\x018181948501\x02',
  '__MILLRACE_BATCH\x010000000002:0000000400\x02__MILLRACE_NEW\x01x\x02',
  'a\x01b\x01c\x02KEYS\x01k\x02',
  '__proto__\x01x\x02toString\x01y\x02',
])('appended again, properties stored as %j keep what they say', (properties) => {
  const message = storedWith({ properties });
  const again = storedWith({ properties: encodeProperties(message.toMessage()) });
  expect(again.properties).toEqual(message.properties);
  expect(Object.keys(again.properties).sort()).toEqual(Object.keys(message.properties).sort());
});

test('spread and JSON see no field, console.log sees the main ones', () => {
  const message = stored(Buffer.from(goldenHex, 'hex'));
  expect({ ...message }).toEqual({});
  expect(JSON.stringify(message)).toBe('{}');
  expect(inspect(message)).toContain("topic: 'GoldenTopic'");
});

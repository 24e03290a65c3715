/**
 * Records for tests, encoded in TypeScript from the table in docs/format.md and by nothing of the engine, so that both can be held against it.
 * Without the checksum of the whole record; the golden values are RocketMQ's own.
 */
import { crc32 } from 'node:zlib';
import { parseHost } from '../ts/host.js';

export interface RecordFields {
  topic: string;
  body: Uint8Array;
  /** Encoded. */
  properties: string;
  queueId: number;
  flag: number;
  offset: number;
  position: number;
  sysFlag: number;
  bornTimestamp: number;
  bornHost: string;
  storeTimestamp: number;
  storeHost: string;
  reconsumeTimes: number;
  preparedTransactionOffset: number;
}

export const goldenFields: RecordFields = {
  topic: 'GoldenTopic',
  body: Uint8Array.from({ length: 16 }, (_, k) => (3 * k + 1) % 256),
  properties: 'KEYS\x01key0 order0\x02UNIQ_KEY\x017F000001ABCD18B4AAC2000000000000\x02WAIT\x01true\x02TAGS\x01TagA\x02',
  queueId: 3,
  flag: 0x01020304,
  offset: 7,
  position: 0,
  sysFlag: 0,
  bornTimestamp: 1700000000000,
  bornHost: '10.1.2.3:54321',
  storeTimestamp: 1700000000123,
  storeHost: '10.9.8.7:10911',
  reconsumeTimes: 2,
  preparedTransactionOffset: 0,
};

/** The golden fields with some of them changed, as a record. */
export function recordBytes(changes: Partial<RecordFields> = {}): Buffer {
  const fields = { ...goldenFields, ...changes };
  const bornHost = hostBytes(fields.bornHost);
  const storeHost = hostBytes(fields.storeHost);
  const sysFlag = fields.sysFlag | (bornHost.length === 20 ? 0x10 : 0) | (storeHost.length === 20 ? 0x20 : 0);
  const topic = Buffer.from(fields.topic);
  const isV2 = topic.length > 127;
  const properties = Buffer.from(fields.properties);
  const rest = Buffer.concat([
    int32(crc32(fields.body) & 0x7fffffff),
    int32(fields.queueId),
    int32(fields.flag),
    int64(fields.offset),
    int64(fields.position),
    int32(sysFlag),
    int64(fields.bornTimestamp),
    bornHost,
    int64(fields.storeTimestamp),
    storeHost,
    int32(fields.reconsumeTimes),
    int64(fields.preparedTransactionOffset),
    int32(fields.body.length),
    fields.body,
    isV2 ? int16(topic.length) : Buffer.of(topic.length),
    topic,
    int16(properties.length),
    properties,
  ]);
  return Buffer.concat([int32(rest.length + 8), int32(isV2 ? 0xdaa320ab : 0xdaa320a7), rest]);
}

function hostBytes(text: string): Buffer {
  const { bytes, port } = parseHost(text, 'host');
  return Buffer.concat([bytes, int32(port)]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

/**
 * A message read back: a view of one record in the buffer that its read returned.
 *
 * Made by the thousand and often only asked for its body, so it holds where the record is and nothing else until a field is asked for. The
 * record was verified by the engine: sizes inside it are believed here. The buffer is a copy that belongs to this message and its
 * neighbours, and nobody writes to it. Layout: docs/format.md, "Record".
 */
import { inspect } from 'node:util';

import { bodyCompressed, compressionMask } from './compression.js';
import { decompressedBody } from './decompression.js';
import { formatHost } from './host.js';
import { isReservedName } from './properties.js';
import { nameEnd, parseProperties, propertyValue, withoutStoreMarks } from './propertystring.js';
import type { Message, StoredMessage } from './types/message.js';

const bornHostV6 = 0x10;
const storeHostV6 = 0x20;
/** Bits of sysFlag that a producer may give; the others say how this record is laid out. */
const producerBits = bodyCompressed | 0x2 | 0xc | compressionMask;
const magicV2 = 0xdaa320ab;
/** How much a record grows for each host that is IPv6. */
const v6Bytes = 12;

export class StoredRecord implements StoredMessage {
  static {
    // What console.log shows, because the fields themselves are not enumerable.
    Object.defineProperty(StoredRecord.prototype, inspect.custom, {
      value(this: StoredRecord): unknown {
        const { topic, queueId, offset, position, size, storeTimestamp, properties } = this;
        return { topic, queueId, offset, position, size, storeTimestamp, properties };
      },
    });
  }

  readonly #buffer: Buffer;
  readonly #start: number;
  readonly #size: number;
  readonly #maxBodyBytes: number;
  #properties: Readonly<Record<string, string>> | undefined;
  /** Decompressed. */
  #body: Buffer | undefined;

  /** `buffer` holds a verified record of `size` bytes from `start` on. A body that is compressed may take `maxBodyBytes` when it no longer is. */
  constructor(buffer: Buffer, start: number, size: number, maxBodyBytes: number) {
    this.#buffer = buffer;
    this.#start = start;
    this.#size = size;
    this.#maxBodyBytes = maxBodyBytes;
  }

  get size(): number {
    return this.#size;
  }
  get queueId(): number {
    return this.#buffer.readInt32BE(this.#start + 12);
  }
  get flag(): number {
    return this.#buffer.readInt32BE(this.#start + 16);
  }
  get offset(): number {
    return this.#int64(20);
  }
  get position(): number {
    return this.#int64(28);
  }
  get sysFlag(): number {
    return this.#buffer.readInt32BE(this.#start + 36);
  }
  get bornTimestamp(): number {
    return this.#int64(40);
  }
  get bornHost(): string {
    return this.#host(48, (this.sysFlag & bornHostV6) !== 0);
  }
  get storeTimestamp(): number {
    return this.#int64(56 + this.#bornExtra());
  }
  get storeHost(): string {
    return this.#host(64 + this.#bornExtra(), (this.sysFlag & storeHostV6) !== 0);
  }
  get reconsumeTimes(): number {
    return this.#buffer.readInt32BE(this.#start + 72 + this.#hostsExtra());
  }
  get preparedTransactionOffset(): number {
    return this.#int64(76 + this.#hostsExtra());
  }

  get body(): Buffer {
    const { sysFlag } = this;
    if ((sysFlag & bodyCompressed) === 0) return this.#storedBody();
    this.#body ??= decompressedBody(this.#storedBody(), sysFlag, this.#maxBodyBytes, this.position);
    return this.#body;
  }

  get topic(): string {
    const lengthAt = this.#topicLengthAt();
    const isV2 = this.#isV2();
    const length = isV2 ? this.#buffer.readInt16BE(lengthAt) : this.#buffer.readInt8(lengthAt);
    const from = lengthAt + (isV2 ? 2 : 1);
    return this.#buffer.toString('utf8', from, from + length);
  }

  get tags(): string | undefined {
    return this.#property('TAGS');
  }

  get keys(): readonly string[] {
    return this.#property('KEYS')?.split(' ').filter(isNotEmpty) ?? [];
  }

  get properties(): Readonly<Record<string, string>> {
    this.#properties ??= Object.freeze(parseProperties(this.#encodedProperties()));
    return this.#properties;
  }

  get messageId(): string {
    const host = this.#start + 64 + this.#bornExtra();
    const hostBytes = (this.sysFlag & storeHostV6) !== 0 ? 20 : 8;
    const hex =
      this.#buffer.toString('hex', host, host + hostBytes) + this.#buffer.toString('hex', this.#start + 28, this.#start + 36);
    return hex.toUpperCase();
  }

  get raw(): Buffer {
    return this.#buffer.subarray(this.#start, this.#start + this.#size);
  }

  toMessage(): Message {
    const message: Message = {
      topic: this.topic,
      body: this.#storedBody(),
      flag: this.flag,
      sysFlag: this.sysFlag & producerBits,
      reconsumeTimes: this.reconsumeTimes,
      preparedTransactionOffset: this.preparedTransactionOffset,
      bornTimestamp: this.bornTimestamp,
      bornHost: this.bornHost,
    };
    const { properties } = this;
    const { TAGS: tags, KEYS: keys, __SHARDINGKEY: shardingKey, ...rest } = properties;
    const names = Object.keys(rest);
    // What only the encoded form may have (another store wrote it): everything travels in it.
    if (names.some(isReservedName) || Object.values(properties).some((value) => value.includes(nameEnd))) {
      return { ...message, properties: withoutStoreMarks(this.#encodedProperties()) };
    }
    if (tags !== undefined) message.tags = tags;
    if (keys !== undefined) message.keys = keys;
    if (shardingKey !== undefined) message.shardingKey = shardingKey;
    if (names.length > 0) message.properties = rest;
    return message;
  }

  #int64(at: number): number {
    const from = this.#start + at;
    return this.#buffer.readInt32BE(from) * 0x1_0000_0000 + this.#buffer.readUInt32BE(from + 4);
  }

  #bornExtra(): number {
    return (this.sysFlag & bornHostV6) === 0 ? 0 : v6Bytes;
  }

  #hostsExtra(): number {
    const { sysFlag } = this;
    return ((sysFlag & bornHostV6) === 0 ? 0 : v6Bytes) + ((sysFlag & storeHostV6) === 0 ? 0 : v6Bytes);
  }

  #host(at: number, isV6: boolean): string {
    const from = this.#start + at;
    const bytes = isV6 ? 16 : 4;
    return formatHost(this.#buffer.subarray(from, from + bytes), this.#buffer.readInt32BE(from + bytes));
  }

  #isV2(): boolean {
    return this.#buffer.readUInt32BE(this.#start + 4) === magicV2;
  }

  #storedBody(): Buffer {
    const lengthAt = this.#start + 84 + this.#hostsExtra();
    return this.#buffer.subarray(lengthAt + 4, lengthAt + 4 + this.#buffer.readInt32BE(lengthAt));
  }

  #topicLengthAt(): number {
    const lengthAt = this.#start + 84 + this.#hostsExtra();
    return lengthAt + 4 + this.#buffer.readInt32BE(lengthAt);
  }

  #encodedProperties(): string {
    const topicAt = this.#topicLengthAt();
    const from = topicAt + (this.#isV2() ? 2 + this.#buffer.readInt16BE(topicAt) : 1 + this.#buffer.readInt8(topicAt));
    return this.#buffer.toString('utf8', from + 2, from + 2 + this.#buffer.readInt16BE(from));
  }

  #property(name: string): string | undefined {
    return this.#properties === undefined ? propertyValue(this.#encodedProperties(), name) : this.#properties[name];
  }
}

function isNotEmpty(text: string): boolean {
  return text !== '';
}

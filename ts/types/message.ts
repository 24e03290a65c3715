/** A message as it is given to the store, and as it is read back. The layout of a record is in docs/format.md. */

/** What is appended. Undefined means absent. Times are milliseconds since the epoch. */
export interface Message {
  topic: string;
  /** Queue to append to. Without it: hash of `shardingKey` over the topic's queues, else the least recently used queue. */
  queueId?: number | undefined;
  /** Messages with the same sharding key land in the same queue, in order, while the number of queues stays (stored as `__SHARDINGKEY`). */
  shardingKey?: string | undefined;
  /** At most `commitLog.maxMessageBytes`. A string is stored as UTF-8. The bytes are copied before `append` returns. */
  body: Uint8Array | string;
  /** One tag (RocketMQ `TAGS`). */
  tags?: string | undefined;
  /** Keys that name the message (RocketMQ `KEYS`): a string is split at spaces, as RocketMQ does; an array's element may not contain one. */
  keys?: string | readonly string[] | undefined;
  /**
   * Any further properties; names and values are not empty and may not contain U+0001 or U+0002; the store's own names (TAGS, KEYS,
   * `__SHARDINGKEY`, `__CRC32#`, `__MILLRACE_…`, `INNER_…`) are INVALID_ARGUMENT here. A string is taken as RocketMQ's encoded form
   * (`name U+0001 value U+0002 …`) and stored as it is, which is what a broker has in hand: TAGS, KEYS and __SHARDINGKEY in it count when the
   * fields above are absent (both: INVALID_ARGUMENT), `__CRC32#` and the store's mark of a batch are dropped.
   */
  properties?: Readonly<Record<string, string>> | string | undefined;
  /** An int32 that the store keeps and never reads. */
  flag?: number | undefined;
  /**
   * RocketMQ's bits for a body that its client compressed (0x1, 0x700), multi-tags (0x2) and transactions (0xC): stored as given, never
   * compressed again. Other bits: INVALID_ARGUMENT. Records of type prepared (0x4) and rollback (0xC) get no queue entry; their receipt's
   * offset is 0.
   */
  sysFlag?: number | undefined;
  /** Failed deliveries so far; default 0. */
  reconsumeTimes?: number | undefined;
  /** Of a commit or rollback record; default 0. */
  preparedTransactionOffset?: number | undefined;
  /** When the producer made the message; default: now. */
  bornTimestamp?: number | undefined;
  /** Who made it, `address:port` (IPv6 in brackets); default 127.0.0.1:0. */
  bornHost?: string | undefined;
  /** Not supported yet: UNSUPPORTED when set. Deliver at this time instead of now. */
  deliverAt?: number | undefined;
  /** Not supported yet: UNSUPPORTED when set. RocketMQ delay level 1..18. */
  delayLevel?: number | undefined;
}

/**
 * A message read back. Fields are getters, decoded when first asked for (spread and JSON see none: take `toMessage()`). The bytes belong to
 * the reader and never change; keeping one message keeps the buffer of its whole read, so copy `body` to keep little.
 */
export interface StoredMessage {
  readonly topic: string;
  readonly queueId: number;
  /** Its number in its queue: 0, 1, 2, … */
  readonly offset: number;
  /** Its byte position in the commit log. */
  readonly position: number;
  /** Bytes of the whole record. */
  readonly size: number;
  /** Never decreases along the log of one store, even if the clock does. */
  readonly storeTimestamp: number;
  readonly bornTimestamp: number;
  readonly bornHost: string;
  readonly storeHost: string;
  readonly flag: number;
  readonly sysFlag: number;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  /**
   * The body as the producer gave it: what is stored compressed (0x1 in `sysFlag`) is decompressed when first asked for, and kept. Throws where that
   * cannot be: MESSAGE_TOO_LARGE (it needs more than `commitLog.maxMessageBytes` of this store), CORRUPTION, UNSUPPORTED; `raw` and `toMessage()` have the stored form.
   */
  readonly body: Buffer;
  readonly tags: string | undefined;
  readonly keys: readonly string[];
  /** All properties but the store's own marks (checksum, batch). */
  readonly properties: Readonly<Record<string, string>>;
  /** RocketMQ's offsetMsgId: store host and position in upper-case hex. */
  readonly messageId: string;
  /** The record exactly as it stands on disk. */
  readonly raw: Buffer;
  /** To append again, for example to a retry topic: everything that the producer gave but the queue, the body as it is stored. */
  toMessage(): Message;
}

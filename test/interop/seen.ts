/**
 * A message as a reader saw it, in one form for both stores, so that "the same messages" is one deep comparison: every decoded
 * field, and a hash of the record's bytes.
 *
 * Addresses are compared in their shortest spelling; the sysFlag without the two bits that say how addresses are encoded;
 * properties without what a store adds for itself.
 */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { MessageStore, StoredMessage } from '../../dist/index.js';
import type { Given } from './given.js';
import type { Generated, RefereeMessage, RefereeReceipt, RefereeSpec } from './referee.js';

export interface Seen {
  topic: string;
  queueId: number;
  offset: number;
  position: number;
  size: number;
  storeTimestamp: number;
  bornTimestamp: number;
  bornHost: string;
  storeHost: string;
  flag: number;
  sysFlag: number;
  reconsumeTimes: number;
  preparedTransactionOffset: number;
  messageId: string;
  body: string;
  tags: string | undefined;
  keys: readonly string[];
  properties: Record<string, string>;
  rawSha256: string;
}

const ADDRESS_BITS = 0x30;
const OWN_MARKS = ['__CRC32#', '__MILLRACE_BATCH'];
const READ_BYTES = 4 * 1024 * 1024;
const READ_MESSAGES = 1_000;

export function seenByJava(messages: readonly RefereeMessage[]): Seen[] {
  return byPosition(
    messages.map(({ rawSha256, messageId, ...message }) => ({
      ...commonFields(message),
      messageId,
      body: message.body.toString('base64'),
      tags: message.tags ?? undefined,
      keys: splitKeys(message.keys),
      properties: withoutMarks(message.properties),
      rawSha256,
    })),
  );
}

/** Everything in every queue. Fails if the store reports a loss or stops before a queue's end. */
export async function seenByUs(store: MessageStore): Promise<Seen[]> {
  const messages: Seen[] = [];
  expect(store.lost).toEqual([]);
  for (const queue of store.topics().flatMap((topic) => topic.queues)) {
    let offset = queue.minOffset;
    while (offset < queue.maxOffset) {
      const read = await store.read(queue.topic, queue.queueId, offset, { maxMessages: READ_MESSAGES, maxBytes: READ_BYTES });
      expect(read.lost).toEqual([]);
      expect(read.nextOffset, `${queue.topic}/${queue.queueId} from ${offset}: ${read.status}`).toBeGreaterThan(offset);
      messages.push(...read.messages.map(ofOurs));
      offset = read.nextOffset;
    }
  }
  return byPosition(messages);
}

/** Each queue counts 0, 1, 2, … without gap or duplicate, no two records overlap, and storing went forward in time. */
export function expectSound(messages: readonly Seen[]): void {
  const next = new Map<string, number>();
  let end = 0;
  let time = 0;
  for (const { topic, queueId, offset, position, size, storeTimestamp } of messages) {
    const queue = `${topic}/${queueId}`;
    expect({ queue, offset }).toEqual({ queue, offset: next.get(queue) ?? 0 });
    expect(position, `${queue} at ${offset}`).toBeGreaterThanOrEqual(end);
    expect(storeTimestamp).toBeGreaterThanOrEqual(time);
    next.set(queue, offset + 1);
    end = position + size;
    time = storeTimestamp;
  }
}

/** `seen` are the messages that were given, in this order; what the giver said is compared, not what a reader says it was. */
export function expectGiven(seen: readonly Seen[], given: readonly (Given | RefereeSpec | Generated)[]): void {
  expect(seen.map(word)).toEqual(
    given.map((message) => ({
      topic: message.topic,
      queueId: message.queueId,
      body: Buffer.from(message.body).toString('base64'),
      flag: message.flag,
      bornTimestamp: message.bornTimestamp,
      bornHost: shortest(message.bornHost!),
      tags: message.tags,
      keys: splitKeys(message.keys ?? null),
      properties: message.properties ?? {},
    })),
  );
}

/** Every receipt is of a message that is there, where the receipt says. */
export function expectReceipts(seen: readonly Seen[], receipts: readonly Readonly<RefereeReceipt>[]): void {
  const at = new Map(seen.map((message) => [message.position, message]));
  for (const { topic, queueId, offset, position, size, storeTimestamp } of receipts) {
    expect(at.get(position), `acknowledged at ${position}`).toMatchObject({
      topic,
      queueId,
      offset,
      position,
      size,
      storeTimestamp,
    });
  }
}

function ofOurs(message: StoredMessage): Seen {
  return {
    ...commonFields(message),
    messageId: message.messageId,
    body: message.body.toString('base64'),
    tags: message.tags,
    keys: [...message.keys],
    properties: { ...message.properties },
    rawSha256: createHash('sha256').update(message.raw).digest('hex'),
  };
}

function commonFields(message: Omit<RefereeMessage, 'rawSha256' | 'messageId' | 'tags' | 'keys' | 'properties'> | StoredMessage) {
  return {
    topic: message.topic,
    queueId: message.queueId,
    offset: message.offset,
    position: message.position,
    size: message.size,
    storeTimestamp: message.storeTimestamp,
    bornTimestamp: message.bornTimestamp,
    bornHost: shortest(message.bornHost),
    storeHost: shortest(message.storeHost),
    flag: message.flag,
    sysFlag: message.sysFlag & ~ADDRESS_BITS,
    reconsumeTimes: message.reconsumeTimes,
    preparedTransactionOffset: message.preparedTransactionOffset,
  };
}

/** What the giver can know of a message. */
function word(message: Seen) {
  const { TAGS, KEYS, ...properties } = message.properties;
  expect([TAGS, KEYS?.split(' ') ?? []]).toEqual([message.tags, message.keys]);
  const { topic, queueId, body, flag, bornTimestamp, bornHost, tags, keys } = message;
  return { topic, queueId, body, flag, bornTimestamp, bornHost, tags, keys, properties };
}

function byPosition(messages: Seen[]): Seen[] {
  return messages.sort((a, b) => a.position - b.position);
}

function shortest(host: string): string {
  const colon = host.lastIndexOf(':');
  return `${new URL(`http://${host.slice(0, colon)}/`).hostname}:${host.slice(colon + 1)}`;
}

function splitKeys(keys: string | null): string[] {
  return keys === null ? [] : keys.split(' ');
}

function withoutMarks(properties: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !OWN_MARKS.includes(name)));
}

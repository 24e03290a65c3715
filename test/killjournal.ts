/**
 * What writers that were killed had been told, and what their consumers had taken, and whether a store that was opened again keeps it.
 *
 * Filled from the lines of children/kill-writer.mjs. After a check everything found counts as acknowledged, for it was served. One store each.
 */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { MessageStore, StoredMessage } from '../ts/index.js';

type Place = readonly [topic: string, queueId: number, offset: number, position: number];
/** What the key of a message says: which append of which writer, and which message of it. */
type Key = readonly [round: number, n: number, index: number, count: number];

/** A batch that a consumer took. */
interface Consumed {
  readonly topic: string;
  readonly queueId: number;
  readonly messages: readonly (readonly [offset: number, key: string])[];
}

export class KillJournal {
  /** By place, the key of the message that is to be there. */
  readonly #kept = new Map<string, string>();
  /** Keys of `#kept` that no check has looked for yet. */
  #news: [place: string, key: string][] = [];
  /** By topic and queue, the keys that were consumed, from offset 0 on. */
  readonly #consumed = new Map<string, string[]>();
  readonly #topics: readonly string[];
  readonly #queues: number;

  constructor(topics: readonly string[], queues: number) {
    this.#topics = topics;
    this.#queues = queues;
  }

  /** Where the next consumer goes on. */
  get resume(): Record<string, [queueId: number, offset: number][]> {
    const offsets = (topic: string): [number, number][] =>
      Array.from({ length: this.#queues }, (_, queueId) => [queueId, this.#consumedOf(topic, queueId).length]);
    return Object.fromEntries(this.#topics.map((topic) => [topic, offsets(topic)]));
  }

  get consumedCount(): number {
    return [...this.#consumed.values()].reduce((sum, keys) => sum + keys.length, 0);
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Takes in the output of one writer. A kill may cut its last line. */
  take(output: string): number {
    const lines = output.split('\n').slice(0, -1);
    for (const line of lines) {
      if (line === 'open') continue;
      const told = JSON.parse(line) as [number, number, number, Place[]] | Consumed;
      if (!Array.isArray(told)) {
        this.#consume(told as Consumed);
        continue;
      }
      const [round, n, count, places] = told;
      places.forEach((place, index) => {
        const kept = [place.join(' '), `${round}-${n}-${index}-${count}`] as const;
        this.#kept.set(...kept);
        this.#news.push([...kept]);
      });
    }
    return lines.length;
  }

  /** What a consumer gets follows on what was reported before: nothing is missing, nothing comes twice. */
  #consume({ topic, queueId, messages }: Consumed): void {
    const keys = this.#consumedOf(topic, queueId);
    for (const [offset, key] of messages) {
      if (offset !== keys.length)
        throw new Error(`a consumer of ${topic}/${queueId} got ${offset} where ${keys.length} comes next`);
      keys.push(key);
    }
  }

  #consumedOf(topic: string, queueId: number): string[] {
    const name = `${topic} ${queueId}`;
    const keys = this.#consumed.get(name) ?? [];
    this.#consumed.set(name, keys);
    return keys;
  }

  /** What was consumed is still there, and a subscription that goes on behind it gets the rest. */
  async #expectResumed(store: MessageStore, found: ReadonlyMap<string, string>): Promise<void> {
    const there = new Map([...found].map(([place, key]) => [place.slice(0, place.lastIndexOf(' ')), key]));
    for (const [queue, keys] of this.#consumed) {
      expect(keys.map((_, offset) => there.get(`${queue} ${offset}`))).toEqual(keys);
    }
    for (const { name, queues } of store.topics()) {
      const next = new Map(this.resume[name]);
      for await (const { queueId, offset, keys } of store.subscribe({ topic: name, from: { offsets: next }, untilEnd: true })) {
        expect([offset, keys[0]]).toEqual([next.get(queueId), there.get(`${name} ${queueId} ${offset}`)]);
        next.set(queueId, offset + 1);
      }
      expect([...next]).toEqual(queues.map(({ queueId, maxOffset }) => [queueId, maxOffset]));
    }
  }

  /** Reads the whole store and fails the test when anything is lost, changed, doubled, out of order, or half of a batch. */
  async check(store: MessageStore): Promise<void> {
    expect(store.recovery.newlyLost).toEqual([]);
    expect(store.lost).toEqual([]);
    const found = new Map<string, string>();
    const keys: Key[] = [];
    for (const topic of store.topics()) {
      for (const queue of topic.queues) {
        expect([queue.minOffset, queue.nextOffset]).toEqual([0, queue.maxOffset]);
        const messages = await readQueue(store, topic.name, queue.queueId, queue.maxOffset);
        const ofQueue = messages.map(keyOf);
        expectWhole(ofQueue);
        keys.push(...ofQueue);
        for (const [at, { offset, position }] of messages.entries()) {
          found.set([topic.name, queue.queueId, offset, position].join(' '), (ofQueue[at] as Key).join('-'));
        }
      }
    }
    const every = Math.ceil(found.size / 100);
    await expectFoundByKey(store, [...this.#news, ...[...found].filter((_, at) => at % every === 0)]);
    this.#news = [];
    await expectNothingStale(store, keys);
    await this.#expectResumed(store, found);
    const missing = [...this.#kept].filter(([place, key]) => found.get(place) !== key);
    expect(missing, 'acknowledged and not there').toEqual([]);
    expectPrefixes(keys);
    for (const [place, key] of found) this.#kept.set(place, key);
  }
}

/** Each message by its key, and no other. */
async function expectFoundByKey(store: MessageStore, found: readonly (readonly [place: string, key: string])[]): Promise<void> {
  for (const [place, key] of found) {
    const [topic, , , position] = place.split(' ');
    const messages = await store.findByKey(topic as string, key);
    expect(messages.map((message) => `${message.position}`)).toEqual([position]);
  }
}

/** What a killed writer appended last is not in the log, and so no index may know it. */
async function expectNothingStale(store: MessageStore, keys: readonly Key[]): Promise<void> {
  const last = new Map<number, number>();
  for (const [round, n] of keys) last.set(round, Math.max(last.get(round) ?? 0, n));
  for (const [round, n] of [...last].slice(-3)) {
    for (let gone = n + 1; gone < n + 10; gone++) {
      for (const { name } of store.topics()) expect(await store.findByKey(name, `${round}-${gone}-0-1`)).toEqual([]);
    }
  }
}

async function readQueue(store: MessageStore, topic: string, queueId: number, end: number): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  while (messages.length < end) {
    const result = await store.read(topic, queueId, messages.length, { maxMessages: 1000, maxBytes: 1 << 20 });
    expect([result.status, result.lost]).toEqual(['FOUND', []]);
    messages.push(...result.messages);
    expect(result.nextOffset).toBe(messages.length);
  }
  expect(messages.every((message, at) => message.offset === at)).toBe(true);
  return messages;
}

function keyOf(message: StoredMessage): Key {
  const sha1 = createHash('sha1').update(message.body).digest('hex');
  if (sha1 !== message.properties.sha1) throw new Error(`the body at position ${message.position} is not what was appended`);
  return (message.keys[0] ?? '').split('-').map(Number) as unknown as Key;
}

/** Within a queue: appends in their order, the messages of a batch one behind the other. */
function expectWhole(keys: readonly Key[]): void {
  for (let at = 0; at < keys.length; ) {
    const [round, n, index, count] = keys[at] as Key;
    const before = keys[at - 1];
    const isLater = before === undefined || round !== before[0] || n > before[1];
    if (!isLater || index !== 0) throw new Error(`${keys[at]} does not follow on ${before}`);
    const batch = keys.slice(at, at + count);
    const expected = Array.from({ length: count }, (_, each) => [round, n, each, count]);
    expect(batch).toEqual(expected);
    at += count;
  }
}

/** Over all queues: of each writer the first appends up to some number, each once. */
function expectPrefixes(keys: readonly Key[]): void {
  const rounds = new Map<number, number[]>();
  for (const [round, n, index] of keys) {
    if (index > 0) continue;
    const numbers = rounds.get(round) ?? [];
    numbers.push(n);
    rounds.set(round, numbers);
  }
  for (const [round, numbers] of rounds) {
    numbers.sort((a, b) => a - b);
    const wrong = numbers.findIndex((n, at) => n !== at);
    if (wrong >= 0) throw new Error(`append ${wrong} of writer ${round} is missing or doubled, and later ones are there`);
  }
}

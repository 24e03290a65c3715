/**
 * Random messages of every kind, as one side gives them to either store: topics with one to three queues (one with a name so
 * long that its records are of the second version), bodies from empty to 600 bytes, with and without tags, keys and
 * properties, IPv4 and IPv6.
 *
 * The same seed gives the same messages. MILLRACE_TEST_SEED sets it; a test names its seed where it fails.
 */
import type { MessageStore } from '../../dist/index.js';
import type { RefereeSpec } from './referee.js';

/** A message that both `MessageStore.append` and the referee take as it is. */
export interface Given extends RefereeSpec {
  body: Buffer;
  bornTimestamp: number;
  bornHost: string;
  flag: number;
}

const TOPICS = ['Plain', '%RETRY%group-1', 'L'.repeat(150)];
const TAGS = ['TagA', 'TagB', '标签', 'a||b'];
const HOSTS = ['127.0.0.1:0', '10.1.2.3:54321', '[2001:db8::1]:10911'];
const MAX_BODY_BYTES = 600;
const FIRST_BORN = 1_700_000_000_000;

/** How many queues each topic is given messages for. */
export const queuesOf: Readonly<Record<string, number>> = Object.fromEntries(TOPICS.map((topic, k) => [topic, k + 1]));

/** Makes the topics in a store of ours; those that RocketMQ wrote have perhaps not all their queues yet. */
export async function makeTopics(store: MessageStore): Promise<void> {
  for (const [name, queues] of Object.entries(queuesOf)) {
    await (store.topic(name) === undefined ? store.createTopic(name, { queues }) : store.updateTopic(name, { queues }));
  }
}

export function newSeed(): number {
  const wanted = process.env.MILLRACE_TEST_SEED;
  return wanted === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(wanted);
}

/** A stream of messages that never ends. */
export class Giver {
  #state: number;
  #number = 0;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  messages(count: number): Given[] {
    return Array.from({ length: count }, () => this.#message());
  }

  /** Messages of one queue with what a batch shares: born time and host of the first. */
  batch(count: number): Given[] {
    const all = this.messages(count);
    const first = all[0]!;
    const { topic, queueId, bornTimestamp, bornHost } = first;
    return all.map((message) => ({ ...message, topic, queueId, bornTimestamp, bornHost }));
  }

  #message(): Given {
    const number = this.#number++;
    const topic = this.#below(TOPICS.length);
    const message: Given = {
      topic: TOPICS[topic]!,
      queueId: this.#below(topic + 1),
      body: Buffer.from(
        Array.from({ length: this.#below(10) === 0 ? 0 : this.#below(MAX_BODY_BYTES + 1) }, () => this.#below(256)),
      ),
      flag: this.#next(),
      bornTimestamp: FIRST_BORN + number,
      bornHost: HOSTS[this.#below(HOSTS.length)]!,
    };
    if (this.#below(3) > 0) {
      message.tags = TAGS[this.#below(TAGS.length)]!;
    }
    if (this.#below(3) > 0) {
      message.keys = this.#below(2) === 0 ? `key${number}` : `key${number} order${number % 7}`;
    }
    if (this.#below(3) > 0) {
      message.properties = { number: String(number), über: '🚀' };
    }
    return message;
  }

  #below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32 + 0.5) * limit);
  }

  /** One step of a 32-bit generator: a Weyl sequence, mixed. A signed integer. */
  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) | 0;
  }
}

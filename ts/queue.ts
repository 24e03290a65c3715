/**
 * The handle of one queue: its numbers as they stand, and appends that look nothing up.
 *
 * Stays valid while the store is open; after its topic was deleted appends reject with UNKNOWN_TOPIC.
 */
import type { Appender } from './appender.js';
import { storeError } from './errors.js';
import type { Session } from './session.js';
import type { MessageStore } from './store.js';
import { queueNumbers } from './topicinfo.js';
import type { QueueState, Topics } from './topics.js';
import type { AppendOptions, Receipt } from './types/append.js';
import type { Queue, QueueMessage } from './types/topic.js';

/** Throw NOT_OPEN and READ_ONLY. */
export interface QueueGuards {
  mustBeOpen(doing: string): void;
  mustWrite(doing: string): void;
}

export class QueueHandle implements Queue {
  readonly topic: string;
  readonly queueId: number;
  readonly #store: MessageStore;
  readonly #session: Session;
  readonly #appender: Appender;
  readonly #topics: Topics;
  readonly #queue: QueueState;
  readonly #guards: QueueGuards;

  constructor(store: MessageStore, session: Session, appender: Appender, topics: Topics, queue: QueueState, guards: QueueGuards) {
    this.topic = queue.topic;
    this.queueId = queue.queueId;
    this.#store = store;
    this.#session = session;
    this.#appender = appender;
    this.#topics = topics;
    this.#queue = queue;
    this.#guards = guards;
  }

  get minOffset(): number {
    return this.#numbers().minOffset;
  }
  get maxOffset(): number {
    return this.#numbers().maxOffset;
  }
  get nextOffset(): number {
    return this.#numbers().nextOffset;
  }

  async earliestTimestamp(): Promise<number | undefined> {
    let offset = this.minOffset;
    for (;;) {
      const { messages, nextOffset, maxOffset } = await this.#store.read(this.topic, this.queueId, offset, { maxMessages: 1 });
      if (messages[0] !== undefined) return messages[0].storeTimestamp;
      if (nextOffset <= offset || nextOffset >= maxOffset) return undefined;
      offset = nextOffset;
    }
  }

  append(message: QueueMessage, options?: AppendOptions): Promise<Receipt> {
    try {
      return this.#appender.append(this.#queue, this.#writable(), message, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  appendBatch(messages: readonly QueueMessage[], options?: AppendOptions): Promise<readonly Receipt[]> {
    try {
      const handle = this.#writable();
      if (!Array.isArray(messages)) throw storeError('INVALID_ARGUMENT', 'messages is not an array.');
      if (messages.length === 0) return Promise.resolve([]);
      return this.#appender.appendBatch(this.#queue, handle, messages, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  appendSync(message: QueueMessage): Receipt {
    return this.#appender.appendSync(this.#queue, this.#writable(), message, undefined);
  }

  #numbers(): ReturnType<typeof queueNumbers> {
    this.#guards.mustBeOpen('look at a queue');
    return queueNumbers(this.#queue, this.#topics, this.#session);
  }

  #writable(): number {
    this.#guards.mustWrite('append');
    if (this.#topics.get(this.topic)?.queues[this.queueId] !== this.#queue) {
      throw storeError('UNKNOWN_TOPIC', `Topic "${this.topic}" was deleted. Make it again with createTopic, and take a new queue.`);
    }
    return this.#topics.handle(this.#queue);
  }
}

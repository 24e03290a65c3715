/**
 * The topics of an open store and the engine's handles of their queues.
 *
 * A topic is in `config/topics.json`, or is known from the queues that the engine found; it has the larger number of queues of the two. An
 * append that makes a topic does not wait for the file: a topic that only the engine knows has at least as many queues as such an append
 * gives it. A handle is asked for when a queue is first used. Making a topic changes memory at once; the file follows (config/topics.ts).
 * One thread.
 */
import { safeInteger } from './appendcheck.js';
import type { TopicsFile } from './config/topics.js';
import { storeError } from './errors.js';
import type { Session } from './session.js';
import { queueOfShardingKey } from './sharding.js';
import { checkTopicName } from './topicname.js';
import type { QueueWatch } from './visibility.js';

/** The engine has no such queue (yet). */
const noHandle = -1;

export class QueueState {
  readonly topic: string;
  readonly queueId: number;
  handle: number = noHandle;
  /** Somebody waits for what is appended to it. */
  watch: QueueWatch | undefined = undefined;

  constructor(topic: string, queueId: number) {
    this.topic = topic;
    this.queueId = queueId;
  }
}

export class TopicState {
  readonly name: string;
  readonly queues: QueueState[] = [];
  isDeleted = false;
  #next = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** True when it did. */
  grow(queues: number): boolean {
    const before = this.queues.length;
    while (this.queues.length < queues) this.queues.push(new QueueState(this.name, this.queues.length));
    return this.queues.length > before;
  }

  /** Where a message without a queue goes. */
  route(shardingKey: string | undefined): QueueState {
    const count = this.queues.length;
    if (shardingKey !== undefined) return this.queues[queueOfShardingKey(shardingKey, count)] as QueueState;
    this.#next = this.#next + 1 < count ? this.#next + 1 : 0;
    return this.queues[this.#next] as QueueState;
  }
}

export class Topics {
  /** Told of a topic that has more queues, or was deleted. */
  onChange: ((topic: TopicState) => void) | undefined;
  readonly #session: Session;
  readonly #file: TopicsFile;
  /** Handles below are known. */
  #discovered = 0;
  readonly #topics = new Map<string, TopicState>();
  readonly #deleting = new Map<string, Promise<void>>();
  /** Of topics whose deletion began and has not lasted yet: from which position on they count again. */
  readonly #unfinished = new Map<string, number>();

  /** `foundQueues`: how many queues a topic has at least that the file does not know; without it, those that were found. */
  constructor(session: Session, file: TopicsFile, foundQueues?: number) {
    this.#session = session;
    this.#file = file;
    for (const topic of file.all()) this.#topic(topic.name).grow(Math.max(1, topic.queues));
    this.discover();
    if (foundQueues === undefined) return;
    for (const { name } of this.all()) if (file.get(name) === undefined) this.create(name, foundQueues);
  }

  /** Takes in what the engine has found since: queues of a store that another process writes. */
  discover(): void {
    const found = this.#session.addon.queues(this.#session.id, this.#discovered);
    for (let at = 0; at < found.length; at += 3) {
      const topic = this.#topic(found[at] as string);
      if (topic.grow((found[at + 1] as number) + 1)) this.onChange?.(topic);
      const handle = found[at + 2] as number;
      (topic.queues[found[at + 1] as number] as QueueState).handle = handle;
      this.#discovered = Math.max(this.#discovered, handle + 1);
    }
  }

  get(name: string): TopicState | undefined {
    return this.#topics.get(name);
  }

  all(): readonly TopicState[] {
    return [...this.#topics.values()];
  }

  /** Makes it in memory. INVALID_ARGUMENT for a name that RocketMQ would not have. */
  create(name: string, queues: number): TopicState {
    checkTopicName(name);
    const topic = this.#topic(name);
    if (topic.grow(queues)) this.onChange?.(topic);
    this.#file.set(name, topic.queues.length);
    return topic;
  }

  save(): Promise<void> {
    return this.#file.save();
  }

  idle(): Promise<void> {
    return this.#file.idle();
  }

  /** Takes the topic out of memory and of the file that the next save writes. */
  remove(name: string, position: number): void {
    this.#unfinished.set(name, position);
    const topic = this.#topics.get(name);
    if (topic !== undefined) topic.isDeleted = true;
    this.#topics.delete(name);
    if (topic !== undefined) this.onChange?.(topic);
    this.#file.delete(name);
  }

  /** While a topic is being deleted nobody may make it again. */
  async whileDeleting(name: string, deletion: Promise<void>): Promise<void> {
    this.#deleting.set(name, deletion);
    try {
      await deletion;
      this.#unfinished.delete(name);
    } finally {
      this.#deleting.delete(name);
    }
  }
  /** Where a deletion that failed (a full disk) began, when it can be asked for again. */
  unfinished(name: string): number | undefined {
    return this.#deleting.has(name) || this.#topics.has(name) ? undefined : this.#unfinished.get(name);
  }
  isDeleting(name: string): boolean {
    return this.#deleting.has(name);
  }
  /** Resolves, never rejects, when no deletion is under way. */
  async deletions(): Promise<void> {
    await Promise.allSettled(this.#deleting.values());
  }
  async deleted(name: string): Promise<void> {
    await this.#deleting.get(name)?.catch(() => undefined);
  }

  queue(topic: TopicState, queueId: number): QueueState {
    safeInteger(queueId, 'queueId');
    const queue = topic.queues[queueId];
    if (queue === undefined) {
      throw storeError(
        'UNKNOWN_QUEUE',
        `Topic "${topic.name}" has the queues 0 to ${topic.queues.length - 1}, not ${String(queueId)}. Add queues with updateTopic.`,
      );
    }
    return queue;
  }

  /** The engine's handle of a queue; -1 in a read-only store that has no such queue. */
  handle(queue: QueueState): number {
    if (queue.handle === noHandle) queue.handle = this.#session.addon.openQueue(this.#session.id, queue.topic, queue.queueId);
    return queue.handle;
  }

  #topic(name: string): TopicState {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new TopicState(name);
      this.#topics.set(name, topic);
    }
    return topic;
  }
}

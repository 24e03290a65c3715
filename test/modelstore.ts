/** What a store ought to be, as plainly as it can be said: topics are lists of queues, a queue is a list of messages from an offset on. */
import type { Message, StoreOptions } from '../ts/index.js';
import { queueOfShardingKey } from '../ts/sharding.js';

export interface ModelMessage {
  readonly offset: number;
  readonly body: string;
  readonly tags: string | undefined;
  readonly keys: readonly string[];
  readonly position: number;
  readonly size: number;
}

export interface ModelQueue {
  /** Offset of its first message. */
  readonly begin: number;
  readonly messages: ModelMessage[];
}

export class Model {
  readonly topics = new Map<string, ModelQueue[]>();
  flush: 'sync' | 'async' = 'sync';
  writeMode: 'pwrite' | 'mapped' = 'pwrite';
  readonly defaultQueues = 2;
  /** Where queues of deleted topics ended. */
  readonly #ended = new Map<string, Map<number, number>>();
  /** The end of the newest record. */
  end = 0;

  options(): StoreOptions {
    return {
      flush: { mode: this.flush, intervalMs: 5 },
      commitLog: { fileBytes: 8192, writeMode: this.writeMode },
      consumeQueue: { entriesPerFile: 7 },
      defaultQueues: this.defaultQueues,
    };
  }

  /** The queues of a topic, made when they are missing. */
  grown(topic: string, queues: number): ModelQueue[] {
    const list = this.topics.get(topic) ?? [];
    this.topics.set(topic, list);
    const ended = this.#ended.get(topic);
    while (list.length < queues) list.push({ begin: ended?.get(list.length) ?? 0, messages: [] });
    return list;
  }

  /** The queue of a message: undefined leaves the choice to the store. */
  queueIdOf(message: Message): number | undefined {
    const queues = this.topics.get(message.topic)?.length ?? this.defaultQueues;
    if (message.queueId !== undefined) return message.queueId;
    return message.shardingKey === undefined ? undefined : queueOfShardingKey(message.shardingKey, queues);
  }

  delete(topic: string): void {
    const ended = this.#ended.get(topic) ?? new Map<number, number>();
    for (const [queueId, queue] of (this.topics.get(topic) ?? []).entries()) ended.set(queueId, endOf(queue));
    this.#ended.set(topic, ended);
    this.topics.delete(topic);
  }
}

/** One past its newest message. */
export function endOf(queue: ModelQueue): number {
  return queue.begin + queue.messages.length;
}

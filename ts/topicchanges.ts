/**
 * Making topics and adding queues to them, as asked for by name: durable in `config/topics.json` when the promise resolves.
 *
 * A topic that is being deleted is made again once that is over. Throws READ_ONLY and NOT_OPEN, INVALID_ARGUMENT and UNKNOWN_TOPIC; a file that
 * cannot be written rejects, and the next save writes it again. One thread.
 */
import { storeError } from './errors.js';
import type { Router } from './router.js';
import { queuesOption } from './topicinfo.js';
import type { TopicState, Topics } from './topics.js';
import type { TopicOptions } from './types/topic.js';

export class TopicChanges {
  readonly #topics: Topics;
  readonly #router: Router;
  readonly #defaultQueues: number;
  readonly #mustWrite: (doing: string) => void;

  /** `mustWrite` throws where the store takes no change. */
  constructor(topics: Topics, router: Router, defaultQueues: number, mustWrite: (doing: string) => void) {
    this.#topics = topics;
    this.#router = router;
    this.#defaultQueues = defaultQueues;
    this.#mustWrite = mustWrite;
  }

  async create(name: string, options: TopicOptions | undefined): Promise<TopicState> {
    this.#mustWrite('create a topic');
    const queues = queuesOption(options);
    if (this.#topics.isDeleting(name)) {
      await this.#topics.deleted(name);
      this.#mustWrite('create a topic');
    }
    const existing = this.#topics.get(name);
    if (existing === undefined) {
      const topic = this.#topics.create(name, queues ?? this.#defaultQueues);
      await this.#topics.save();
      return topic;
    }
    if (queues !== undefined && queues !== existing.queues.length) {
      throw storeError(
        'INVALID_ARGUMENT',
        `Topic "${name}" exists with ${existing.queues.length} queues, not ${queues}. Add queues with updateTopic.`,
      );
    }
    return existing;
  }

  async update(name: string, options: TopicOptions): Promise<TopicState> {
    this.#mustWrite('update a topic');
    const queues = queuesOption(options);
    const topic = this.#router.known(name);
    if (queues !== undefined && queues < topic.queues.length) {
      throw storeError(
        'INVALID_ARGUMENT',
        `Topic "${name}" has ${topic.queues.length} queues: they may grow, never shrink to ${queues}.`,
      );
    }
    if (queues !== undefined) this.#topics.create(name, queues);
    await this.#topics.save();
    return topic;
  }
}

/**
 * Which queue a message goes to: the one it names, the one of its sharding key, or the next one of its topic.
 *
 * A topic that is not there is made when that is allowed. Throws INVALID_ARGUMENT, UNKNOWN_TOPIC and UNKNOWN_QUEUE; appends nothing. One thread.
 */
import { type StoreError, storeError } from './errors.js';
import type { ResolvedOptions } from './options.js';
import { shardingKeyOf } from './properties.js';
import { checkTopicName } from './topicname.js';
import type { QueueState, TopicState, Topics } from './topics.js';
import type { Message } from './types/message.js';

export class Router {
  readonly #topics: Topics;
  readonly #options: ResolvedOptions;
  readonly #directory: string;
  readonly #onSaveFailed: (error: StoreError) => void;

  /** `onSaveFailed`: a topic was made, but its file could not be written; the next save writes it again. */
  constructor(topics: Topics, options: ResolvedOptions, directory: string, onSaveFailed: (error: StoreError) => void) {
    this.#topics = topics;
    this.#options = options;
    this.#directory = directory;
    this.#onSaveFailed = onSaveFailed;
  }

  /** The topic of this name, undefined when there is none. */
  find(name: string): TopicState | undefined {
    if (typeof name !== 'string') checkTopicName(name);
    return this.#topics.get(name);
  }

  /** The topic of this name, which must be there. */
  known(name: string): TopicState {
    const topic = this.find(name);
    if (topic !== undefined) return topic;
    throw storeError('UNKNOWN_TOPIC', `There is no topic ${JSON.stringify(name)} in ${this.#directory}. Make it with createTopic.`);
  }

  route(message: Message): QueueState {
    if (typeof message !== 'object' || message === null) throw storeError('INVALID_ARGUMENT', 'The message is not an object.');
    const { topic: name, queueId } = message;
    const topic = this.#topics.get(name) ?? this.#autoCreate(name);
    return queueId === undefined ? topic.route(shardingKeyOf(message)) : this.#topics.queue(topic, queueId);
  }

  /** The queue of the first message, which must be that of all. */
  routeBatch(messages: readonly Message[]): QueueState {
    const queue = this.route(messages[0] as Message);
    for (let i = 1; i < messages.length; i++) {
      const message = messages[i] as Message;
      if (
        typeof message !== 'object' ||
        message === null ||
        message.topic !== queue.topic ||
        (message.queueId ?? queue.queueId) !== queue.queueId
      ) {
        throw storeError(
          'INVALID_ARGUMENT',
          `Message ${i} of the batch is for another queue than the first: a batch goes to one queue.`,
        );
      }
      const shardingKey = message.queueId === undefined ? shardingKeyOf(message) : undefined;
      if (shardingKey !== undefined && this.known(queue.topic).route(shardingKey) !== queue) {
        throw storeError(
          'INVALID_ARGUMENT',
          `The shardingKey of message ${i} of the batch belongs to another queue than the first message.`,
        );
      }
    }
    return queue;
  }

  #autoCreate(name: string): TopicState {
    if (!this.#options.autoCreateTopics) this.known(name);
    if (this.#topics.isDeleting(name))
      throw storeError('UNKNOWN_TOPIC', `Topic "${name}" is being deleted: await deleteTopic before appending to it again.`);
    const topic = this.#topics.create(name, this.#options.defaultQueues);
    // Its queues can be found again without the file, so the append does not wait for it.
    this.#topics.save().catch((error: unknown) => this.#onSaveFailed(error as StoreError));
    return topic;
  }
}

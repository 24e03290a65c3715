/** Topics and their queues: settings, snapshots, and the handle of one queue. */
import type { AppendOptions, Receipt } from './append.js';
import type { Message } from './message.js';

/** Settings of a topic. */
export interface TopicOptions {
  /** Default `defaultQueues`. May grow, never shrink. */
  queues?: number | undefined;
  /** Not supported yet: UNSUPPORTED when set. `delete`: by age and size. `compact`: the newest record of each key stays. */
  cleanupPolicy?: 'delete' | 'compact' | undefined;
  /** Not supported yet: UNSUPPORTED when set. */
  retentionMs?: number | undefined;
  /** Not supported yet: UNSUPPORTED when set. */
  retentionBytes?: number | undefined;
}

/** A topic as it is now: a snapshot. */
export interface TopicInfo {
  readonly name: string;
  /** More may come. */
  readonly options: { readonly queues: number };
  readonly queues: readonly QueueInfo[];
}

/** Where a queue begins and ends. */
export interface QueueInfo {
  readonly topic: string;
  readonly queueId: number;
  readonly minOffset: number;
  /** One past the newest visible message (high watermark). */
  readonly maxOffset: number;
  /** What the next append gets (log end offset). */
  readonly nextOffset: number;
}

/** A message whose queue is known. */
export type QueueMessage = Omit<Message, 'topic' | 'queueId' | 'shardingKey'>;

/** One queue, looked up once. The numbers are read from memory when asked for. */
export interface Queue extends QueueInfo {
  /** Store time of the oldest message, undefined when empty. */
  earliestTimestamp(): Promise<number | undefined>;
  append(message: QueueMessage, options?: AppendOptions): Promise<Receipt>;
  appendBatch(messages: readonly QueueMessage[], options?: AppendOptions): Promise<readonly Receipt[]>;
  appendSync(message: QueueMessage): Receipt;
}

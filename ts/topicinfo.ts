/** Topics and queues as callers see them: snapshots, and the options of a topic. */
import { got } from './addon.js';
import { storeError } from './errors.js';
import { maxQueues } from './options.js';
import type { Session } from './session.js';
import type { QueueState, TopicState, Topics } from './topics.js';
import type { QueueInfo, TopicInfo, TopicOptions } from './types/topic.js';

const later: ReadonlySet<string> = new Set(['cleanupPolicy', 'retentionMs', 'retentionBytes']);

/** The number of queues asked for, undefined when it was not said. INVALID_ARGUMENT, UNSUPPORTED. */
export function queuesOption(options: TopicOptions | undefined): number | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null)
    throw storeError('INVALID_ARGUMENT', `options is ${String(options)}, not an object.`);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || name === 'queues') continue;
    if (later.has(name)) throw storeError('UNSUPPORTED', `The topic option ${name} comes with a later version. Leave it out.`);
    throw storeError('INVALID_ARGUMENT', `A topic has no option ${name}. It has queues.`);
  }
  const { queues } = options;
  if (queues !== undefined && (!Number.isInteger(queues) || queues < 1 || queues > maxQueues)) {
    throw storeError('INVALID_ARGUMENT', `queues is ${String(queues)}: give an integer from 1 to ${maxQueues}.`);
  }
  return queues;
}

/** Where a queue begins and ends just now; zeros for one that nothing was ever appended to. */
export function queueNumbers(
  queue: QueueState,
  topics: Topics,
  session: Session,
): { minOffset: number; maxOffset: number; nextOffset: number } {
  const handle = topics.handle(queue);
  if (handle < 0) return { minOffset: 0, maxOffset: 0, nextOffset: 0 };
  session.addon.queueNumbers(session.id, handle);
  return {
    minOffset: session.number(got.minOffset),
    maxOffset: session.number(got.maxOffset),
    nextOffset: session.number(got.nextOffset),
  };
}

export function infoOf(topic: TopicState, topics: Topics, session: Session): TopicInfo {
  const queues = topic.queues.map(
    (queue): QueueInfo => Object.freeze({ topic: topic.name, queueId: queue.queueId, ...queueNumbers(queue, topics, session) }),
  );
  return Object.freeze({ name: topic.name, options: Object.freeze({ queues: queues.length }), queues: Object.freeze(queues) });
}

/** The options of a subscription, checked once: INVALID_ARGUMENT for what is wrong. */
import { safeInteger } from './appendcheck.js';
import type { Source } from './cursor.js';
import { type StoreError, storeError } from './errors.js';
import { maxQueues } from './options.js';
import type { Limits } from './reader.js';
import { checkTopicName } from './topicname.js';
import type { SubscribeOptions } from './types/subscription.js';

export interface SubscriptionRules {
  readonly topic: string;
  /** Undefined: all of the topic. */
  readonly queueIds: readonly number[] | undefined;
  readonly from: Exclude<SubscribeOptions['from'], undefined>;
  readonly untilEnd: boolean;
  readonly onLost: Exclude<SubscribeOptions['onLost'], undefined>;
  readonly onOutOfRange: Exclude<SubscribeOptions['onOutOfRange'], undefined>;
  readonly signal: AbortSignal | undefined;
  /** Of each read. */
  readonly limits: Limits;
}

const names: ReadonlySet<string> = new Set([
  ...['topic', 'queueId', 'from', 'untilEnd', 'onLost', 'onOutOfRange', 'signal'],
  ...['maxMessages', 'maxBytes', 'maxScanned', 'tags'],
]);

export function checkSubscription(options: SubscribeOptions, { topics, reader }: Source): SubscriptionRules {
  if (typeof options !== 'object' || options === null) throw invalid(`options is ${String(options)}, not an object.`);
  for (const name in options) if (!names.has(name)) throw invalid(`A subscription has no option ${name}.`);
  const { topic, untilEnd = false, onLost = 'throw', onOutOfRange = 'throw', signal } = options;
  const { maxMessages, maxBytes, maxScanned, tags } = options;
  // What another program made may have any name.
  if (typeof topic !== 'string' || topics.get(topic) === undefined) checkTopicName(topic);
  if (typeof untilEnd !== 'boolean') throw invalid(`untilEnd is ${String(untilEnd)}: give true or false.`);
  if (onLost !== 'throw' && typeof onLost !== 'function') throw invalid(`onLost is ${String(onLost)}: give throw or a function.`);
  if (!['throw', 'earliest', 'latest'].includes(onOutOfRange)) {
    throw invalid(`onOutOfRange is ${String(onOutOfRange)}: give throw, earliest or latest.`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal is not an AbortSignal.');
  const queueIds = queuesOf(options.queueId);
  const from = checkFrom(options.from ?? 'earliest', queueIds);
  const isBounded = maxMessages !== undefined || maxBytes !== undefined || maxScanned !== undefined || tags !== undefined;
  const limits = reader.limits(isBounded ? { maxMessages, maxBytes, maxScanned, tags } : undefined);
  return { topic, queueIds, from, untilEnd, onLost, onOutOfRange, signal, limits };
}

function queuesOf(queueId: SubscribeOptions['queueId']): readonly number[] | undefined {
  if (queueId === undefined) return undefined;
  const queueIds = Array.isArray(queueId) ? [...(queueId as readonly number[])] : [queueId as number];
  if (queueIds.length === 0) throw invalid('queueId is an empty list: leave it out for all queues of the topic.');
  for (const id of queueIds) {
    if (safeInteger(id, 'queueId') >= maxQueues) throw invalid(`queueId is ${id}: a topic has at most ${maxQueues} queues.`);
  }
  if (new Set(queueIds).size < queueIds.length) throw invalid('queueId names a queue twice.');
  return queueIds;
}

function checkFrom(from: SubscriptionRules['from'], queueIds: readonly number[] | undefined): SubscriptionRules['from'] {
  if (from === 'earliest' || from === 'latest') return from;
  const keys = typeof from === 'object' && from !== null ? Object.keys(from) : [];
  if (keys.length !== 1) throw invalid('from is not earliest, latest, or an object with one of offset, offsets and timestamp.');
  if ('offset' in from) {
    if (queueIds?.length !== 1) throw invalid('from.offset needs one queue: give queueId, or from.offsets for several.');
    safeInteger(from.offset, 'from.offset');
  } else if ('offsets' in from) {
    if (!(from.offsets instanceof Map)) throw invalid('from.offsets is not a Map of queue ids to offsets.');
    for (const [queueId, offset] of from.offsets) {
      safeInteger(queueId, 'from.offsets: a queue id');
      safeInteger(offset, `from.offsets: of queue ${queueId}`);
    }
    return { offsets: new Map(from.offsets) };
  } else if ('timestamp' in from) {
    safeInteger(from.timestamp, 'from.timestamp');
  } else {
    throw invalid(`from has no field ${String(keys[0])}: give offset, offsets or timestamp.`);
  }
  return from;
}

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}

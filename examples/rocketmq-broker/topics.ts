/**
 * Topics: made when they are first sent to, and told to clients as routes.
 *
 * A route says which brokers have a topic, and how many queues. RocketMQ keeps a server for that question alone; here the broker answers it,
 * on the same port, so that its own address is also the address of its name server.
 */
import type { MessageStore, TopicInfo } from 'millrace';
import { requestCode, responseCode } from './codes.js';
import type { Parts } from './parts.js';
import { type Answer, type Handlers, Refusal, type Request } from './request.js';

/** A producer that finds no route to its topic asks for this one, and sends as if its own topic were like it. */
const modelTopic = 'TBW102';
/** Queues of a topic at most; as many as RocketMQ gives to one made on demand. */
const maxQueues = 8;
/** Readable and writable. */
const permissions = 6;

export function topicHandlers(parts: Parts): Handlers {
  return {
    [requestCode.GET_ROUTEINFO_BY_TOPIC]: (request) => routeOf(parts, request.text('topic')),
    [requestCode.UPDATE_AND_CREATE_TOPIC]: (request) => createTopic(parts.store, request),
  };
}

function routeOf({ store, brokerName, address }: Parts, topic: string): Answer {
  const queues = store.topic(topic)?.queues.length ?? queuesToBe(topic);
  if (queues === undefined) throw new Refusal(responseCode.TOPIC_NOT_EXIST, `There is no topic ${topic}.`);
  const route = {
    queueDatas: [{ brokerName, readQueueNums: queues, writeQueueNums: queues, perm: permissions, topicSysFlag: 0 }],
    brokerDatas: [{ cluster: brokerName, brokerName, brokerAddrs: { 0: address } }],
    filterServerTable: {},
  };
  return { code: responseCode.SUCCESS, body: Buffer.from(JSON.stringify(route)) };
}

/** A consumer asks for its retry topic just before the heartbeat that makes it, and not again for half a minute. */
function queuesToBe(topic: string): number | undefined {
  if (topic === modelTopic) return maxQueues;
  return topic.startsWith(retryTopicOf('')) ? 1 : undefined;
}

async function createTopic(store: MessageStore, request: Request): Promise<Answer> {
  const name = request.text('topic');
  const queues = request.number('writeQueueNums');
  const existing = store.topic(name);
  if (existing === undefined) await store.createTopic(name, { queues });
  else if (existing.queues.length < queues) await store.updateTopic(name, { queues });
  return { code: responseCode.SUCCESS };
}

/** Makes a topic that was sent to before it was there. It is there at once, and on disk when the promise resolves. */
export function makeTopic(store: MessageStore, name: string, queues: number): Promise<TopicInfo> {
  return store.createTopic(name, { queues: Math.max(1, Math.min(queues, maxQueues)) });
}

/** Where failed messages of a consumer group wait for their next delivery, and where they end after the last one. */
export const retryTopicOf = (group: string): string => `%RETRY%${group}`;
export const deadLetterTopicOf = (group: string): string => `%DLQ%${group}`;

/**
 * Messages that a consumer could not deal with: sent back, delivered again to its group, and put aside after too many times.
 *
 * The message is appended once more, to the retry topic of the group, from where it is delivered at once (RocketMQ waits longer each time);
 * or, when the count is reached or the consumer gives up, to the group's dead-letter topic, for people to look at.
 */
import type { MessageStore } from 'millrace';
import { requestCode, responseCode } from './codes.js';
import type { Parts } from './parts.js';
import { type Answer, type Handlers, Refusal, type Request } from './request.js';
import { deadLetterTopicOf, makeTopic, retryTopicOf } from './topics.js';

const maxDeliveries = 16;

export function retryHandlers({ store }: Parts): Handlers {
  return { [requestCode.CONSUMER_SEND_MSG_BACK]: (request) => sendBack(store, request) };
}

async function sendBack(store: MessageStore, request: Request): Promise<Answer> {
  const group = request.text('group');
  const failed = await store.messageAt(request.number('offset'));
  if (failed === undefined) throw new Refusal(responseCode.SYSTEM_ERROR, 'No message is at this offset.');
  const givesUp = request.number('delayLevel') < 0 || failed.reconsumeTimes >= request.number('maxReconsumeTimes', maxDeliveries);
  const topic = givesUp ? deadLetterTopicOf(group) : retryTopicOf(group);
  if (store.topic(topic) === undefined) await makeTopic(store, topic, 1);
  const message = failed.toMessage();
  await store.append({
    ...message,
    topic,
    queueId: 0,
    reconsumeTimes: failed.reconsumeTimes + 1,
    properties: withOrigin(message.properties, failed.topic, request.find('originMsgId') ?? failed.messageId),
  });
  return { code: responseCode.SUCCESS };
}

/** What the client puts back before it hands the message on. The first failure names them; later ones keep the names. */
function withOrigin(properties: Record<string, string> | string | undefined, topic: string, messageId: string) {
  const origin = { RETRY_TOPIC: topic, ORIGIN_MESSAGE_ID: messageId };
  if (typeof properties !== 'string') return { ...origin, ...properties };
  const isKnown = (name: string) => properties.startsWith(`${name}\x01`) || properties.includes(`\x02${name}\x01`);
  const added = Object.entries(origin).flatMap(([name, value]) => (isKnown(name) ? [] : [`${name}\x01${value}\x02`]));
  return `${properties.replace(/[^\x02]$/, '$&\x02')}${added.join('')}`;
}

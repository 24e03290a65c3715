/**
 * Sending: a message, or a batch of them, into the log.
 *
 * The answer goes out when the store has acknowledged, so with a store that flushes synchronously a producer's SEND_OK means: on disk. Appends
 * are called in the order in which requests come, and take effect in that order. What needs more than a log is refused, not half done.
 */
import type { Message, MessageStore, Receipt } from 'millrace';
import { decodeBatch } from './batch.js';
import { requestCode, responseCode } from './codes.js';
import type { Connection } from './connection.js';
import type { Parts } from './parts.js';
import { type Answer, type Handler, type Handlers, Refusal, type Request } from './request.js';
import { makeTopic } from './topics.js';

/** What the fields of a send are called: words in its first form, letters in the second, which is what clients use. */
const words = {
  topic: 'topic',
  queues: 'defaultTopicQueueNums',
  queueId: 'queueId',
  sysFlag: 'sysFlag',
  bornTimestamp: 'bornTimestamp',
  flag: 'flag',
  properties: 'properties',
  reconsumeTimes: 'reconsumeTimes',
  batch: 'batch',
};
type Names = typeof words;
const letters: Names = {
  topic: 'b',
  queues: 'd',
  queueId: 'e',
  sysFlag: 'f',
  bornTimestamp: 'g',
  flag: 'h',
  properties: 'i',
  reconsumeTimes: 'j',
  batch: 'm',
};

/** Properties that ask for a transaction or a delivery at a later time. */
const unserved = /(?:^|\x02)(TRAN_MSG|DELAY|TIMER_DELAY_SEC|TIMER_DELAY_MS|TIMER_DELIVER_MS)\x01/;

export function sendHandlers({ store }: Parts): Handlers {
  const handler =
    (names: Names): Handler =>
    (request, connection) =>
      send(store, messagesOf(request, names, connection), request.number(names.queues, 1));
  return {
    [requestCode.SEND_MESSAGE]: handler(words),
    [requestCode.SEND_MESSAGE_V2]: handler(letters),
    [requestCode.SEND_BATCH_MESSAGE]: handler(letters),
  };
}

function messagesOf(request: Request, names: Names, connection: Connection): readonly Message[] {
  const queueId = request.number(names.queueId);
  const common = {
    topic: request.text(names.topic),
    // A producer that does not care leaves the choice to the broker.
    queueId: queueId < 0 ? undefined : queueId,
    sysFlag: request.number(names.sysFlag),
    bornTimestamp: request.number(names.bornTimestamp),
    bornHost: connection.remote,
    reconsumeTimes: request.number(names.reconsumeTimes, 0),
  };
  const isBatch = request.code === requestCode.SEND_BATCH_MESSAGE || request.find(names.batch) === 'true';
  const parts = isBatch
    ? decodeBatch(request.body)
    : [{ flag: request.number(names.flag), body: request.body, properties: request.find(names.properties) ?? '' }];
  for (const { properties } of parts) {
    const asked = unserved.exec(properties)?.[1];
    if (asked !== undefined) throw new Refusal(responseCode.MESSAGE_ILLEGAL, `This broker does not do what ${asked} asks for.`);
  }
  return parts.map((part) => ({ ...common, ...part }));
}

async function send(store: MessageStore, messages: readonly Message[], queues: number): Promise<Answer> {
  const [first] = messages as readonly [Message];
  // Nothing is awaited before the append: the order of appends is the order of requests, also where the first of them makes the topic.
  const made = store.topic(first.topic) ?? makeTopic(store, first.topic, queues);
  const appended = messages.length === 1 ? store.append(first).then((receipt) => [receipt]) : store.appendBatch(messages);
  const [, receipts] = await Promise.all([made, appended]);
  return stored(receipts);
}

function stored(receipts: readonly Receipt[]): Answer {
  const [{ queueId, offset: queueOffset }] = receipts as readonly [Receipt];
  const msgId = receipts.map(({ messageId }) => messageId).join(',');
  return { code: responseCode.SUCCESS, fields: { msgId, queueId, queueOffset } };
}

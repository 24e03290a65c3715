/** Messages looked for one by one: by a key of theirs, or by the position in the log that is in a message id. */
import type { MessageStore } from 'millrace';
import { requestCode, responseCode } from './codes.js';
import type { Parts } from './parts.js';
import { type Answer, type Handlers, Refusal, type Request } from './request.js';

/** As many as RocketMQ gives at most. */
const maxFound = 64;

export function queryHandlers({ store }: Parts): Handlers {
  return {
    [requestCode.QUERY_MESSAGE]: (request) => byKey(store, request),
    [requestCode.VIEW_MESSAGE_BY_ID]: (request) => byPosition(store, request),
  };
}

/** Keys that a producer gave, and its own unique id of the message: both are in the index. */
async function byKey(store: MessageStore, request: Request): Promise<Answer> {
  const messages = await store.findByKey(request.text('topic'), request.text('key'), {
    begin: Math.max(request.number('beginTimestamp'), 0),
    end: Math.max(request.number('endTimestamp'), 0),
    maxMessages: Math.max(1, Math.min(request.number('maxNum'), maxFound)),
  });
  const [newest] = messages;
  if (newest === undefined) throw new Refusal(responseCode.QUERY_NOT_FOUND, 'No message has this key.');
  return {
    code: responseCode.SUCCESS,
    fields: { indexLastUpdateTimestamp: newest.storeTimestamp, indexLastUpdatePhyoffset: newest.position },
    body: Buffer.concat(messages.map(({ raw }) => raw)),
  };
}

async function byPosition(store: MessageStore, request: Request): Promise<Answer> {
  const message = await store.messageAt(request.number('offset'));
  if (message === undefined) throw new Refusal(responseCode.SYSTEM_ERROR, 'No message is at this offset.');
  return { code: responseCode.SUCCESS, body: message.raw };
}

/** Offsets asked for and told: where a group stands, where a queue begins and ends, and what was the offset at a time. */
import type { Queue } from 'millrace';
import { requestCode, responseCode } from './codes.js';
import type { Parts } from './parts.js';
import { type Answer, type Handlers, Refusal, type Request } from './request.js';

export function positionHandlers(parts: Parts): Handlers {
  const { store, offsets } = parts;
  const queueOf = (request: Request): Queue => store.queue(request.text('topic'), request.number('queueId'));
  return {
    [requestCode.QUERY_CONSUMER_OFFSET]: (request) => {
      const { topic, queueId } = queueOf(request);
      const offset = offsets.find(request.text('consumerGroup'), topic, queueId);
      // The client begins then as its consumeFromWhere says.
      if (offset === undefined) throw new Refusal(responseCode.QUERY_NOT_FOUND, 'The group has committed no offset of this queue.');
      return found({ offset });
    },
    [requestCode.UPDATE_CONSUMER_OFFSET]: (request) => {
      const { topic, queueId } = queueOf(request);
      offsets.commit(request.text('consumerGroup'), topic, queueId, request.number('commitOffset'));
      return { code: responseCode.SUCCESS };
    },
    [requestCode.GET_MAX_OFFSET]: (request) => found({ offset: queueOf(request).maxOffset }),
    [requestCode.GET_MIN_OFFSET]: (request) => found({ offset: queueOf(request).minOffset }),
    [requestCode.GET_EARLIEST_MSG_STORETIME]: async (request) =>
      found({ timestamp: (await queueOf(request).earliestTimestamp()) ?? -1 }),
    [requestCode.SEARCH_OFFSET_BY_TIMESTAMP]: async (request) => {
      const { topic, queueId, minOffset } = queueOf(request);
      const bound = request.find('boundaryType')?.toLowerCase() === 'upper' ? 'upper' : 'lower';
      const offset = await store.offsetAt(topic, queueId, Math.max(request.number('timestamp'), 0), bound);
      return found({ offset: Math.max(offset, minOffset) });
    },
  };
}

function found(fields: NonNullable<Answer['fields']>): Answer {
  return { code: responseCode.SUCCESS, fields };
}

/**
 * Locks on queues, for consumers that must see messages in order.
 *
 * While a rebalance is under way two clients of a group may each believe that a queue is theirs; the lock says whose it is. A client renews its
 * locks every 20 s; one that has not for a minute has lost them. Locks are not kept over a restart of the broker: clients take them again.
 */
import { requestCode, responseCode } from './codes.js';
import { type Answer, type Handlers, Refusal, type Request } from './request.js';

const heldMs = 60_000;

interface Queue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}
interface Demand {
  readonly consumerGroup: string;
  readonly clientId: string;
  readonly mqSet: readonly Queue[];
}

export class QueueLocks {
  readonly #held = new Map<string, { clientId: string; until: number }>();

  /** Takes or renews; false while another client has it. */
  take(group: string, { topic, queueId }: Queue, clientId: string, now: number): boolean {
    const key = keyOf(group, topic, queueId);
    const held = this.#held.get(key);
    if (held !== undefined && held.clientId !== clientId && held.until > now) return false;
    this.#held.set(key, { clientId, until: now + heldMs });
    return true;
  }

  release(group: string, { topic, queueId }: Queue, clientId: string): void {
    const key = keyOf(group, topic, queueId);
    if (this.#held.get(key)?.clientId === clientId) this.#held.delete(key);
  }
}

export function lockHandlers(): Handlers {
  const locks = new QueueLocks();
  return {
    [requestCode.LOCK_BATCH_MQ]: (request) => {
      const { consumerGroup, clientId, mqSet } = demandOf(request);
      const lockOKMQSet = mqSet.filter((queue) => locks.take(consumerGroup, queue, clientId, Date.now()));
      return { code: responseCode.SUCCESS, body: Buffer.from(JSON.stringify({ lockOKMQSet })) };
    },
    [requestCode.UNLOCK_BATCH_MQ]: (request): Answer => {
      const { consumerGroup, clientId, mqSet } = demandOf(request);
      for (const queue of mqSet) locks.release(consumerGroup, queue, clientId);
      return { code: responseCode.SUCCESS };
    },
  };
}

function demandOf(request: Request): Demand {
  const { consumerGroup, clientId, mqSet } = request.json<Demand>();
  if (consumerGroup === undefined || clientId === undefined || !Array.isArray(mqSet))
    throw new Refusal(responseCode.INVALID_PARAMETER, 'Which queues, and for whom?');
  return { consumerGroup, clientId, mqSet };
}

function keyOf(group: string, topic: string, queueId: number): string {
  return `${group} ${topic} ${queueId}`;
}

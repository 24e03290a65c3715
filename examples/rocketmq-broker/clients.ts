/**
 * Who is connected: the members of each consumer group, and what the group subscribes to.
 *
 * Clients say so in heartbeats. The queues of a topic are shared out by the clients themselves, each for itself, from the list of members; so
 * every change of it is told to all of them at once. A member that says goodbye, or whose connection ends, is one no more.
 */
import type { MessageStore } from 'millrace';
import { requestCode, responseCode } from './codes.js';
import type { Connection } from './connection.js';
import type { Parts } from './parts.js';
import { type Answer, type Handlers, Refusal, type Request } from './request.js';
import { makeTopic, retryTopicOf } from './topics.js';

/** What is wanted of a topic: tags, `a || b`, when the type is TAG. */
export interface Subscription {
  readonly expression: string;
  readonly type: string;
  readonly version: number;
}

/** As much of a heartbeat as this broker reads. */
interface Heartbeat {
  readonly clientID: string;
  readonly consumerDataSet: readonly { groupName: string; subscriptionDataSet?: readonly SubscriptionData[] }[];
}
interface SubscriptionData {
  readonly topic: string;
  readonly subString?: string;
  readonly expressionType?: string;
  readonly subVersion?: number;
}

interface Group {
  /** By client id. */
  readonly members: Map<string, Connection>;
  /** By topic. */
  readonly subscriptions: Map<string, Subscription>;
}

export class Clients {
  readonly #groups = new Map<string, Group>();

  members(name: string): readonly string[] {
    return [...(this.#groups.get(name)?.members.keys() ?? [])];
  }

  /** Throws what makes a client send its heartbeat again: the broker has not heard of the subscription, or of its last change. */
  subscription(name: string, topic: string, version: number): Subscription {
    const subscription = this.#groups.get(name)?.subscriptions.get(topic);
    if (subscription === undefined)
      throw new Refusal(responseCode.SUBSCRIPTION_NOT_EXIST, `Group ${name} has not subscribed to ${topic}.`);
    if (subscription.version < version)
      throw new Refusal(responseCode.SUBSCRIPTION_NOT_LATEST, `Group ${name} has changed its subscription to ${topic}.`);
    return subscription;
  }

  /** Returns whether the group has a member more, which is yet to be told. */
  join(name: string, clientId: string, connection: Connection, subscriptions: readonly SubscriptionData[]): boolean {
    const group = this.#groups.get(name) ?? { members: new Map(), subscriptions: new Map() };
    this.#groups.set(name, group);
    for (const { topic, subString = '*', expressionType = 'TAG', subVersion = 0 } of subscriptions) {
      // Members that were started with different code agree on the newest.
      if (subVersion >= (group.subscriptions.get(topic)?.version ?? 0))
        group.subscriptions.set(topic, { expression: subString, type: expressionType, version: subVersion });
    }
    const isNew = !group.members.has(clientId);
    group.members.set(clientId, connection);
    return isNew;
  }

  leave(name: string, clientId: string): void {
    const group = this.#groups.get(name);
    if (group === undefined || !group.members.delete(clientId)) return;
    if (group.members.size === 0) this.#groups.delete(name);
    this.tellMembers(name);
  }

  gone(connection: Connection): void {
    for (const [name, { members }] of this.#groups)
      for (const [clientId, its] of members) if (its === connection) this.leave(name, clientId);
  }

  /** Each of them looks at the list again then. */
  tellMembers(consumerGroup: string): void {
    for (const member of this.#groups.get(consumerGroup)?.members.values() ?? [])
      member.tell(requestCode.NOTIFY_CONSUMER_IDS_CHANGED, { consumerGroup });
  }
}

export function clientHandlers({ store, clients }: Parts): Handlers {
  return {
    [requestCode.HEART_BEAT]: (request, connection) => heartbeat(store, clients, request, connection),
    [requestCode.UNREGISTER_CLIENT]: (request) => {
      const group = request.find('consumerGroup');
      if (group !== undefined) clients.leave(group, request.text('clientID'));
      return { code: responseCode.SUCCESS };
    },
    [requestCode.GET_CONSUMER_LIST_BY_GROUP]: (request) => {
      const consumerIdList = clients.members(request.text('consumerGroup'));
      if (consumerIdList.length === 0) throw new Refusal(responseCode.SYSTEM_ERROR, 'The group has no members.');
      return { code: responseCode.SUCCESS, body: Buffer.from(JSON.stringify({ consumerIdList })) };
    },
    [requestCode.CHECK_CLIENT_CONFIG]: checkFilter,
  };
}

async function heartbeat(store: MessageStore, clients: Clients, request: Request, connection: Connection): Promise<undefined> {
  const { clientID, consumerDataSet = [] } = request.json<Heartbeat>();
  if (typeof clientID !== 'string') throw new Refusal(responseCode.INVALID_PARAMETER, 'The heartbeat has no clientID.');
  const grown: string[] = [];
  for (const { groupName, subscriptionDataSet = [] } of consumerDataSet) {
    // Every group pulls from a retry topic of its own too.
    const retryTopic = retryTopicOf(groupName);
    if (store.topic(retryTopic) === undefined) await makeTopic(store, retryTopic, 1);
    // Who hung up meanwhile would be a member for ever.
    if (connection.ended.aborted) return undefined;
    if (clients.join(groupName, clientID, connection, subscriptionDataSet)) grown.push(groupName);
  }
  // Behind the answer, because the newcomer is told as well, and wants to send another heartbeat when it has its queues.
  if (!request.isOneWay) connection.answer(request, { code: responseCode.SUCCESS });
  for (const group of grown) clients.tellMembers(group);
  return undefined;
}

/** Asked before a consumer starts whose filter is not by tag. */
function checkFilter(request: Request): Answer {
  const { subscriptionData } = request.json<{ subscriptionData: SubscriptionData }>();
  const type = subscriptionData?.expressionType ?? 'TAG';
  if (type !== 'TAG') throw new Refusal(responseCode.SUBSCRIPTION_PARSE_FAILED, `Filters of type ${type} are not understood.`);
  return { code: responseCode.SUCCESS };
}

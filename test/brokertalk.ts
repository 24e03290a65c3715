/** What tests say to the example broker, and what they see in its answers: sends to topic T, pulls by group G, records taken apart. */
import { onTestFinished } from 'vitest';
import { BrokerProcess } from './brokerprocess.js';
import type { ExampleBuild } from './examplebuild.js';
import { type RemoteAnswer, RemotingClient } from './remoting.js';
import { storeFolder } from './storefolder.js';

/** Ends with the test. */
export async function startBroker(built: ExampleBuild, directory: string = storeFolder()): Promise<BrokerProcess> {
  const broker = await BrokerProcess.start(built, directory);
  onTestFinished(() => broker[Symbol.asyncDispose]());
  return broker;
}

export async function clientOf(broker: BrokerProcess, kind?: 'json' | 'binary'): Promise<RemotingClient> {
  const client = await RemotingClient.connect(broker.port, kind);
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

export function send(client: RemotingClient, body: string, options: { tags?: string; queueId?: number; properties?: string } = {}) {
  const { tags, queueId = 0, properties = tags === undefined ? '' : `TAGS\x01${tags}\x02` } = options;
  const fields = { a: 'P', b: 'T', c: 'TBW102', d: 4, e: queueId, f: 0, g: 1_700_000_000_000, h: 7, i: properties, j: 0 };
  return client.ask(310, fields, Buffer.from(body));
}

export function pull(client: RemotingClient, offset: number, options: { waitMs?: number; tags?: string; code?: number } = {}) {
  const { waitMs = 0, tags = '*', code = 11 } = options;
  return client.ask(code, {
    consumerGroup: 'G',
    topic: 'T',
    queueId: 0,
    queueOffset: offset,
    maxMsgNums: 32,
    sysFlag: waitMs > 0 ? 6 : 4,
    commitOffset: 0,
    suspendTimeoutMillis: waitMs,
    subscription: tags,
    expressionType: 'TAG',
    subVersion: 1,
  });
}

/** The bodies of records back to back (V1, IPv4): what a client sees of them first. */
export function bodiesOf({ body }: RemoteAnswer): string[] {
  const bodies: string[] = [];
  for (let at = 0; at < body.length; at += body.readInt32BE(at)) {
    bodies.push(body.toString('utf8', at + 88, at + 88 + body.readInt32BE(at + 84)));
  }
  return bodies;
}

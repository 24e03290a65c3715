/** What the example broker keeps for consumer groups: offsets, members, locks, messages sent back. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bodiesOf, clientOf, send, startBroker } from './brokertalk.js';
import { buildExamples, type ExampleBuild } from './examplebuild.js';
import type { RemoteAnswer, RemotingClient } from './remoting.js';
import { storeFolder } from './storefolder.js';

let built: ExampleBuild;
beforeAll(() => {
  built = buildExamples();
  return () => built.remove();
}, 60_000);

const heartbeatBody = (clientID: string, tags: string, subVersion: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      clientID,
      producerDataSet: [],
      consumerDataSet: [{ groupName: 'G', subscriptionDataSet: [{ topic: 'T', subString: tags, subVersion }] }],
    }),
  );

test('offsets are what was committed last, also after the broker was stopped and started again', async () => {
  const directory = storeFolder();
  const broker = await startBroker(built, directory);
  const client = await clientOf(broker);
  await send(client, 'zero');
  const place = { consumerGroup: 'G', topic: 'T', queueId: 0 };
  expect(await client.ask(14, place)).toMatchObject({ code: 22 });
  client.tell(15, { ...place, commitOffset: 7 });
  expect(await client.ask(15, { ...place, consumerGroup: 'H', commitOffset: 1 })).toMatchObject({ code: 0 });
  expect(await client.ask(15, { ...place, topic: 'none', commitOffset: 1 })).toMatchObject({ code: 17 });
  client.tell(15, { ...place, commitOffset: 1 });
  expect(await client.ask(14, place)).toMatchObject({ code: 0, fields: { offset: '1' } });
  expect(await broker.stop()).toBe(0);
  const file = JSON.parse(readFileSync(join(directory, 'config', 'consumerOffset.json'), 'utf8'));
  expect(file.offsetTable).toEqual({ 'T@G': { 0: 1 }, 'T@H': { 0: 1 } });
  const again = await clientOf(await startBroker(built, directory));
  expect(await again.ask(14, place)).toMatchObject({ code: 0, fields: { offset: '1' } });
});

test('members are told of each other, and subscriptions come from heartbeats', async () => {
  const broker = await startBroker(built);
  const [one, two] = [await clientOf(broker), await clientOf(broker)];
  await send(one, 'zero', { tags: 'Aa' });
  await send(one, 'one', { tags: 'BB' });
  const fromHeartbeat = { consumerGroup: 'G', topic: 'T', queueId: 0, queueOffset: 0, maxMsgNums: 32, sysFlag: 0, subVersion: 5 };
  expect(await one.ask(11, fromHeartbeat)).toMatchObject({ code: 24 });
  expect(await one.ask(34, {}, heartbeatBody('one', '*', 4))).toMatchObject({ code: 0 });
  expect(await one.ask(11, fromHeartbeat)).toMatchObject({ code: 25 });
  expect(await two.ask(34, {}, heartbeatBody('two', 'BB', 5))).toMatchObject({ code: 0 });
  // Aa and BB have one hash.
  expect(bodiesOf(await one.ask(11, fromHeartbeat))).toEqual(['one']);
  expect(JSON.parse((await one.ask(38, { consumerGroup: 'G' })).body.toString())).toEqual({ consumerIdList: ['one', 'two'] });
  const changes = (client: RemotingClient) => client.told.map(({ code, flag, fields }) => [code, flag, fields.consumerGroup]);
  expect(changes(one)).toEqual(Array(2).fill([40, 2, 'G']));
  expect(changes(two)).toEqual([[40, 2, 'G']]);
  two.socket.destroy();
  while (one.told.length < 3) await once(one.socket, 'data');
  expect(changes(one)).toEqual(Array(3).fill([40, 2, 'G']));
  expect(JSON.parse((await one.ask(38, { consumerGroup: 'G' })).body.toString())).toEqual({ consumerIdList: ['one'] });
  expect(await one.ask(35, { clientID: 'one', consumerGroup: 'G' })).toMatchObject({ code: 0 });
  expect(await one.ask(38, { consumerGroup: 'G' })).toMatchObject({ code: 1 });
});

test('a queue is locked by one client of a group at a time', async () => {
  const client = await clientOf(await startBroker(built));
  const queue = { topic: 'T', brokerName: 'millrace', queueId: 0 };
  const demand = (clientId: string, consumerGroup = 'G'): Buffer =>
    Buffer.from(JSON.stringify({ clientId, consumerGroup, mqSet: [queue] }));
  const locked = async (body: Buffer) => JSON.parse((await client.ask(41, {}, body)).body.toString()).lockOKMQSet;
  expect(await locked(demand('one'))).toEqual([queue]);
  expect(await locked(demand('two'))).toEqual([]);
  expect(await locked(demand('two', 'H'))).toEqual([queue]);
  expect(await locked(demand('one'))).toEqual([queue]);
  expect(await client.ask(42, {}, demand('two'))).toMatchObject({ code: 0 });
  expect(await locked(demand('two'))).toEqual([]);
  expect(await client.ask(42, {}, demand('one'))).toMatchObject({ code: 0 });
  expect(await locked(demand('two'))).toEqual([queue]);
});

test('a message sent back comes again, with its count and where it is from, and is put aside in the end', async () => {
  const client = await clientOf(await startBroker(built));
  await send(client, 'hard', { tags: 'a' });
  const positionOf = ({ body }: RemoteAnswer): number => Number(body.readBigInt64BE(28));
  const read = (topic: string) =>
    client.ask(11, { consumerGroup: 'G', topic, queueId: 0, queueOffset: 0, maxMsgNums: 1, sysFlag: 4, subscription: '*' });
  // A consumer asks for this route once, before anything was sent back.
  const route = JSON.parse((await client.ask(105, { topic: '%RETRY%G' })).body.toString());
  expect(route.queueDatas).toMatchObject([{ readQueueNums: 1 }]);
  const back = { group: 'G', delayLevel: 0, originMsgId: 'ID', originTopic: 'T', maxReconsumeTimes: 1 };
  expect(await client.ask(36, { ...back, offset: positionOf(await read('T')) })).toMatchObject({ code: 0 });
  const again = await read('%RETRY%G');
  expect(bodiesOf(again)).toEqual(['hard']);
  expect(again.body.readInt32BE(72)).toBe(1);
  expect(again.body.toString()).toContain('RETRY_TOPIC\x01T\x02');
  expect(again.body.toString()).toContain('ORIGIN_MESSAGE_ID\x01ID\x02');
  expect(await client.ask(36, { ...back, offset: positionOf(again), originMsgId: 'other' })).toMatchObject({ code: 0 });
  const dead = await read('%DLQ%G');
  expect(bodiesOf(dead)).toEqual(['hard']);
  expect(dead.body.toString()).toContain('ORIGIN_MESSAGE_ID\x01ID\x02');
  expect(dead.body.toString()).toContain('RETRY_TOPIC\x01T\x02');
});

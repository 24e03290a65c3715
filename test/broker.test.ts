/** The example broker, spoken to frame by frame. What RocketMQ's own client makes of it is in test/interop. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { BrokerProcess } from './brokerprocess.js';
import { buildExamples, type ExampleBuild } from './examplebuild.js';
import { frameOf, type RemoteAnswer, RemotingClient, requestFrame } from './remoting.js';
import { openStore, storeFolder } from './storefolder.js';

let built: ExampleBuild;
beforeAll(() => {
  built = buildExamples();
  return () => built.remove();
}, 60_000);

async function startBroker(directory: string = storeFolder()): Promise<BrokerProcess> {
  const broker = await BrokerProcess.start(built, directory);
  onTestFinished(() => broker[Symbol.asyncDispose]());
  return broker;
}

async function clientOf(broker: BrokerProcess, kind?: 'json' | 'binary'): Promise<RemotingClient> {
  const client = await RemotingClient.connect(broker.port, kind);
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

function send(client: RemotingClient, body: string, options: { tags?: string; queueId?: number; properties?: string } = {}) {
  const { tags, queueId = 0, properties = tags === undefined ? '' : `TAGS\x01${tags}\x02` } = options;
  const fields = { a: 'P', b: 'T', c: 'TBW102', d: 4, e: queueId, f: 0, g: 1_700_000_000_000, h: 7, i: properties, j: 0 };
  return client.ask(310, fields, Buffer.from(body));
}

function pull(client: RemotingClient, offset: number, options: { waitMs?: number; tags?: string; code?: number } = {}) {
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
function bodiesOf({ body }: RemoteAnswer): string[] {
  const bodies: string[] = [];
  for (let at = 0; at < body.length; at += body.readInt32BE(at)) {
    bodies.push(body.toString('utf8', at + 88, at + 88 + body.readInt32BE(at + 84)));
  }
  return bodies;
}

const heartbeatBody = (clientID: string, tags: string, subVersion: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      clientID,
      producerDataSet: [],
      consumerDataSet: [{ groupName: 'G', subscriptionDataSet: [{ topic: 'T', subString: tags, subVersion }] }],
    }),
  );

test.each(['json', 'binary'] as const)(
  'a topic is made by the first message, routed to, and pulled as it lies on disk (%s headers)',
  async (kind) => {
    const directory = storeFolder();
    const broker = await startBroker(directory);
    const client = await clientOf(broker, kind);
    expect(await client.ask(105, { topic: 'T' })).toMatchObject({ code: 17, flag: 1 });
    const model = JSON.parse((await client.ask(105, { topic: 'TBW102' })).body.toString());
    expect(model.queueDatas).toMatchObject([{ readQueueNums: 8, writeQueueNums: 8, perm: 6 }]);

    const sent = await send(client, 'one', { tags: 'a' });
    expect(sent).toMatchObject({ code: 0, flag: 1, fields: { queueId: '0', queueOffset: '0' } });
    expect(await send(client, 'two')).toMatchObject({ code: 0, fields: { queueOffset: '1' } });
    const route = JSON.parse((await client.ask(105, { topic: 'T' })).body.toString());
    expect(route.queueDatas).toMatchObject([{ brokerName: 'millrace', readQueueNums: 4, writeQueueNums: 4 }]);
    expect(route.brokerDatas).toMatchObject([{ brokerName: 'millrace', brokerAddrs: { 0: broker.address } }]);

    const pulled = await pull(client, 0);
    expect(pulled).toMatchObject({ code: 0, fields: { nextBeginOffset: '2', minOffset: '0', maxOffset: '2' } });
    expect(await pull(client, 0, { tags: 'b' })).toMatchObject({ code: 20, fields: { nextBeginOffset: '2' } });
    expect(await pull(client, 2)).toMatchObject({ code: 19, fields: { nextBeginOffset: '2' } });
    expect(await pull(client, 9)).toMatchObject({ code: 21, fields: { nextBeginOffset: '2' } });
    expect(await broker.stop()).toBe(0);
    expect(broker.output).toBe(`listening on ${broker.address}\nstopped\n`);

    const store = await openStore(directory);
    const { bytes } = await store.readRaw('T', 0, 0);
    expect(pulled.body.equals(bytes)).toBe(true);
    const [one] = (await store.read('T', 0, 0)).messages;
    expect(one).toMatchObject({ tags: 'a', flag: 7, bornTimestamp: 1_700_000_000_000, storeHost: broker.address });
    expect(one?.messageId).toBe(sent.fields.msgId);
    expect(one?.body.toString()).toBe('one');
  },
);

test('frames may come in any pieces, several at once, and from a client that waits for none of the answers', async () => {
  const broker = await startBroker();
  const client = await clientOf(broker);
  await send(client, 'first');
  const frames = Buffer.concat([41, 42, 43].map((opaque) => requestFrame('json', 30, opaque, 0, { topic: 'T', queueId: 0 })));
  for (const byte of frames) client.socket.write(Buffer.of(byte));
  client.socket.write(frames);
  // The broker answers in order: once this one is there, the others are.
  expect(await client.ask(31, { topic: 'T', queueId: 0 })).toMatchObject({ code: 0, fields: { offset: '0' } });
  expect(client.told.map(({ opaque, fields }) => [opaque, fields.offset])).toEqual([41, 42, 43, 41, 42, 43].map((n) => [n, '1']));
  client.tell(310, { a: 'P', b: 'T', c: 'TBW102', d: 4, e: 0, f: 0, g: 1, h: 0, i: '' }, Buffer.from('one way'));
  expect(bodiesOf(await pull(client, 1, { waitMs: 20_000 }))).toEqual(['one way']);
  expect(client.told).toHaveLength(6);
});

test('the first form of a send says the same in words', async () => {
  const client = await clientOf(await startBroker());
  const words = { producerGroup: 'P', topic: 'T', defaultTopic: 'TBW102', defaultTopicQueueNums: 100, queueId: -1, sysFlag: 0 };
  const sent = await client.ask(10, { ...words, bornTimestamp: 5, flag: 3, properties: 'TAGS\x01a\x02' }, Buffer.from('in words'));
  expect(sent).toMatchObject({ code: 0, fields: { queueOffset: '0' } });
  // As many queues as the producer asks for, but not any number.
  expect(JSON.parse((await client.ask(105, { topic: 'T' })).body.toString()).queueDatas).toMatchObject([{ writeQueueNums: 8 }]);
  const place = { consumerGroup: 'G', topic: 'T', queueId: Number(sent.fields.queueId) };
  const pulled = await client.ask(11, { ...place, queueOffset: 0, maxMsgNums: 1, sysFlag: 4, subscription: 'a' });
  expect(bodiesOf(pulled)).toEqual(['in words']);
  expect(pulled.body.readInt32BE(16)).toBe(3);
});

test('a batch is stored whole, each of its messages as one of its own', async () => {
  const client = await clientOf(await startBroker());
  const packed = (body: string, properties: string): Buffer => {
    const bytes = Buffer.alloc(22 + body.length + properties.length);
    bytes.writeInt32BE(bytes.length, 0);
    bytes.writeInt32BE(body.length, 16);
    bytes.write(body, 20);
    bytes.writeInt16BE(properties.length, 20 + body.length);
    bytes.write(properties, 22 + body.length);
    return bytes;
  };
  const fields = { a: 'P', b: 'T', c: 'TBW102', d: 4, e: 0, f: 0, g: 1, h: 0, i: '', m: 'true' };
  const batch = [packed('one', 'TAGS\x01a\x02'), packed('two', ''), packed('three', 'TAGS\x01c\x02')];
  const sent = await client.ask(320, fields, Buffer.concat(batch));
  expect(sent).toMatchObject({ code: 0, fields: { queueOffset: '0' } });
  expect(sent.fields.msgId?.split(',')).toHaveLength(3);
  expect(bodiesOf(await pull(client, 0))).toEqual(['one', 'two', 'three']);
  expect(bodiesOf(await pull(client, 0, { tags: 'a || c' }))).toEqual(['one', 'three']);
  const cut = Buffer.concat(batch).subarray(0, -1);
  expect(await client.ask(320, fields, cut)).toMatchObject({ code: 13 });
  const lying = packed('body', 'TAGS\x01a\x02');
  lying.writeInt16BE(6, 24);
  expect(await client.ask(320, fields, lying)).toMatchObject({ code: 13 });
  expect(await pull(client, 3)).toMatchObject({ code: 19 });
});

describe('a pull that finds nothing', () => {
  test('waits for the next message that matches, and is answered when that is there', async () => {
    const broker = await startBroker();
    const client = await clientOf(broker);
    const other = await clientOf(broker);
    await send(other, 'zero', { tags: 'a' });
    let isAnswered = false;
    const waiting = pull(client, 1, { waitMs: 20_000, tags: 'b || c', code: 361 }).finally(() => {
      isAnswered = true;
    });
    await send(other, 'one', { tags: 'a' });
    await send(other, 'two', { tags: 'd' });
    expect(isAnswered).toBe(false);
    await send(other, 'three', { tags: 'c' });
    const answer = await waiting;
    expect(answer).toMatchObject({ code: 0, fields: { nextBeginOffset: '4' } });
    expect(bodiesOf(answer)).toEqual(['three']);
  });

  test('learns at the end of its wait how far the search got', async () => {
    const client = await clientOf(await startBroker());
    await send(client, 'zero', { tags: 'a' });
    await send(client, 'one', { tags: 'a' });
    expect(await pull(client, 0, { waitMs: 50, tags: 'b' })).toMatchObject({ code: 19, fields: { nextBeginOffset: '2' } });
  });

  test('is answered when the broker stops, and the broker stops at once', async () => {
    const broker = await startBroker();
    const client = await clientOf(broker);
    await send(client, 'zero');
    const waiting = pull(client, 1, { waitMs: 20_000 });
    // Answered behind the pull on the same connection, so the pull is known to wait.
    await client.ask(30, { topic: 'T', queueId: 0 });
    const closed = once(client.socket, 'close');
    const begin = performance.now();
    const stopped = broker.stop();
    expect(await waiting).toMatchObject({ code: 19, fields: { nextBeginOffset: '1' } });
    await closed;
    expect(await stopped).toBe(0);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});

describe('what a broker must not choke on', () => {
  test('a request that nobody knows, or that lacks something, gets an answer that says so', async () => {
    const client = await clientOf(await startBroker());
    await send(client, 'zero');
    expect(await client.ask(9999, {})).toMatchObject({ code: 3, remark: 'This broker does not know request 9999.' });
    expect(await client.ask(30, { topic: 'T' })).toMatchObject({ code: 29, remark: 'The field queueId is missing.' });
    expect(await client.ask(30, { topic: 'T', queueId: 'x' })).toMatchObject({ code: 29 });
    expect(await client.ask(30, { topic: 'T', queueId: 99 })).toMatchObject({ code: 29 });
    expect(await client.ask(30, { topic: 'none', queueId: 0 })).toMatchObject({ code: 17 });
    expect(await client.ask(34, {}, Buffer.from('not JSON'))).toMatchObject({ code: 29 });
    expect(await client.ask(33, { offset: 1 })).toMatchObject({ code: 1 });
    expect(
      await client.ask(12, { topic: 'T', key: 'k', maxNum: 9, beginTimestamp: 0, endTimestamp: '9223372036854775807' }),
    ).toMatchObject({
      code: 22,
    });
    expect(await send(client, 'no such queue', { queueId: 4 })).toMatchObject({ code: 29 });
    expect(await send(client, 'later', { properties: 'A\x01b\x02DELAY\x013\x02' })).toMatchObject({ code: 13 });
    expect(await send(client, 'half', { properties: 'TRAN_MSG\x01true\x02' })).toMatchObject({ code: 13 });
    const batch = { a: 'P', b: 'T', c: 'TBW102', d: 4, e: 0, f: 0, g: 1, h: 0, i: '', m: 'true' };
    expect(await client.ask(320, batch, Buffer.from('too short'))).toMatchObject({ code: 13 });
    expect(await pull(client, 0)).toMatchObject({ code: 0, fields: { nextBeginOffset: '1' } });
  });

  const json = (text: string): Buffer => frameOf(0, Buffer.from(text));
  const numbers = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length);
    for (const [index, value] of values.entries()) bytes.writeInt32BE(value, 4 * index);
    return bytes;
  };
  const malformed: readonly (readonly [string, Buffer])[] = [
    ['that is longer than any may be', numbers(16 * 1024 * 1024 + 1)],
    ['of a negative length', numbers(-1)],
    ['too short for its mark', numbers(3, 0)],
    ['whose header is longer than itself', numbers(8, 5, 0)],
    ['whose header is of an unknown kind', numbers(8, (7 << 24) | 4, 0)],
    ['whose header is no JSON', json('{"code":')],
    ['whose header is null', json('null')],
    ['whose header lacks its numbers', json('{"code":"x"}')],
    ['whose binary header ends too soon', frameOf(1, Buffer.alloc(12))],
    ['whose binary header has a text longer than itself', frameOf(1, Buffer.from(`${'00'.repeat(13)}7fffffff00000000`, 'hex'))],
    ['whose binary header has a text of negative length', frameOf(1, Buffer.from(`${'00'.repeat(13)}ffffffff00000000`, 'hex'))],
    ['whose binary fields overlap its end', frameOf(1, Buffer.from(`${'00'.repeat(17)}000000060001610000ffff`, 'hex'))],
  ];
  test('a frame that cannot be understood closes its connection and no other', async () => {
    const broker = await startBroker();
    const good = await clientOf(broker);
    for (const [name, frame] of malformed) {
      const bad = await clientOf(broker);
      const closed = once(bad.socket, 'close', { signal: AbortSignal.timeout(10_000) });
      bad.socket.write(frame);
      await closed.catch(() => expect.fail(`a frame ${name} did not close its connection`));
      expect(await good.ask(105, { topic: 'T' }), `after a frame ${name}`).toMatchObject({ code: 17 });
    }
    expect(broker.output).toBe(`listening on ${broker.address}\n`);
  });
});

describe('consumer groups', () => {
  test('offsets are what was committed last, also after the broker was stopped and started again', async () => {
    const directory = storeFolder();
    const broker = await startBroker(directory);
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
    const again = await clientOf(await startBroker(directory));
    expect(await again.ask(14, place)).toMatchObject({ code: 0, fields: { offset: '1' } });
  });

  test('members are told of each other, and subscriptions come from heartbeats', async () => {
    const broker = await startBroker();
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
    const client = await clientOf(await startBroker());
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
    const client = await clientOf(await startBroker());
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
});

/** The example broker, spoken to frame by frame. What RocketMQ's own client makes of it is in test/interop. */
import { once } from 'node:events';
import { beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, clientOf, pull, send, startBroker } from './brokertalk.js';
import { buildExamples, type ExampleBuild } from './examplebuild.js';
import { frameOf, requestFrame } from './remoting.js';
import { openStore, storeFolder } from './storefolder.js';

let built: ExampleBuild;
beforeAll(() => {
  built = buildExamples();
  return () => built.remove();
}, 60_000);

test.each(['json', 'binary'] as const)(
  'a topic is made by the first message, routed to, and pulled as it lies on disk (%s headers)',
  async (kind) => {
    const directory = storeFolder();
    const broker = await startBroker(built, directory);
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
  const broker = await startBroker(built);
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

test('many pulls and other questions on one connection are answered whole, each with its own', async () => {
  const broker = await startBroker(built);
  const client = await clientOf(broker);
  const bodies = Array.from({ length: 60 }, (_, i) => `${i}:${'x'.repeat(10 * i)}`);
  await Promise.all(bodies.map((body) => send(client, body)));
  const asked = Array.from({ length: 90 }, (_, i) => {
    if (i % 3 === 0) return client.ask(30, { topic: 'T', queueId: 0 }).then(({ fields }) => expect(fields.offset).toBe('60'));
    return pull(client, i % 60).then((answer) => {
      const next = Math.min((i % 60) + 32, 60);
      expect(bodiesOf(answer)).toEqual(bodies.slice(i % 60, next));
      expect(answer.fields.nextBeginOffset).toBe(String(next));
    });
  });
  await Promise.all(asked);
  expect(await broker.stop()).toBe(0);
  expect(broker.output).toBe(`listening on ${broker.address}\nstopped\n`);
});

test('a client that reads nothing holds up its own answers, and no stop of the broker', async () => {
  const broker = await startBroker(built);
  const client = await clientOf(broker);
  for (let i = 0; i < 20; i++) await send(client, 'x'.repeat(100_000));
  client.socket.pause();
  for (let i = 0; i < 200; i++) pull(client, 0).catch(() => undefined);
  const other = await clientOf(broker);
  expect(bodiesOf(await pull(other, 19))).toEqual(['x'.repeat(100_000)]);
  expect(await broker.stop()).toBe(0);
  expect(broker.output).toBe(`listening on ${broker.address}\nstopped\n`);
});

test('the first form of a send says the same in words', async () => {
  const client = await clientOf(await startBroker(built));
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
  const client = await clientOf(await startBroker(built));
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
    const broker = await startBroker(built);
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
    const client = await clientOf(await startBroker(built));
    await send(client, 'zero', { tags: 'a' });
    await send(client, 'one', { tags: 'a' });
    expect(await pull(client, 0, { waitMs: 50, tags: 'b' })).toMatchObject({ code: 19, fields: { nextBeginOffset: '2' } });
  });

  test('is answered when the broker stops, and the broker stops at once', async () => {
    const broker = await startBroker(built);
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
    const client = await clientOf(await startBroker(built));
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
    const broker = await startBroker(built);
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

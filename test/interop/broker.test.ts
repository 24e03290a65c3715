/**
 * RocketMQ's own client (test/interop/client) against the example broker, over loopback: what it is told, given and acknowledged.
 *
 * More than 300 lines: all tests share one broker and one client, which take seconds to start.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { MessageStore } from '../../dist/index.js';
import { BrokerProcess } from '../brokerprocess.js';
import { buildExamples, type ExampleBuild } from '../examplebuild.js';
import { type ClientMessage, JavaClient, type Sent, type ToSend } from './javaclient.js';

describe.skipIf(!inject('client').ok)("RocketMQ's client and the example broker", () => {
  let root = '';
  let built: ExampleBuild;
  let broker: BrokerProcess;
  let client: JavaClient;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'millrace-broker-'));
    built = buildExamples();
    broker = await BrokerProcess.start(built, join(root, 'store'));
    client = new JavaClient(broker.address);
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await broker?.[Symbol.asyncDispose]();
    built?.remove();
    rmSync(root, { recursive: true, force: true });
  }, 30_000);

  const bodies = (messages: readonly { body: Buffer }[]): string[] => messages.map(({ body }) => body.toString());
  const given = async (consumer: string, count: number): Promise<ClientMessage[]> =>
    (await client.delivered(consumer, count)).map(({ message }) => message);
  const named = (prefix: string, count: number): ToSend[] => Array.from({ length: count }, (_, i) => ({ body: `${prefix} ${i}` }));

  /** Every message of a topic, by pulls from each of its queues. */
  async function everything(topic: string, queues: number): Promise<ClientMessage[]> {
    const messages: ClientMessage[] = [];
    for (let queueId = 0; queueId < queues; queueId++) {
      let offset = 0;
      for (;;) {
        const pulled = await client.pull(topic, queueId, offset);
        messages.push(...pulled.messages);
        offset = pulled.nextOffset;
        if (pulled.status !== 'FOUND') break;
      }
    }
    return messages;
  }

  test('sends to a topic that is made on the way: synchronously, asynchronously, one way and in a batch', async () => {
    const sync = await client.send('sync', 'Sends', [{ body: 'sync', tags: 'a', keys: 'k1 k2', properties: { colour: 'blue' } }]);
    const async = await client.send('async', 'Sends', named('async', 20));
    const batch = await client.send('batch', 'Sends', [...named('batch', 3), { body: 'batch 3', tags: 'b', keys: 'k3' }]);
    expect(await client.send('oneway', 'Sends', named('one way', 5))).toEqual([]);
    expect([...sync, ...async, ...batch].map(({ status }) => status)).toEqual(Array(22).fill('SEND_OK'));

    // A push consumer, because nobody is told when a message that went one way is there.
    await client.push({ name: 'all', group: 'all', topic: 'Sends', expression: '*' });
    const messages = await given('all', 30);
    await client.stop('all');
    const expected = [...named('async', 20), ...named('batch', 4), ...named('one way', 5), { body: 'sync' }].map(
      ({ body }) => body,
    );
    expect(bodies(messages).sort()).toEqual(expected.sort());
    const found = messages.find(({ body }) => body.toString() === 'sync') as ClientMessage;
    const [receipt] = sync as readonly [Sent];
    expect(found).toMatchObject({ topic: 'Sends', tags: 'a', keys: 'k1 k2', bornHost: '127.0.0.1', reconsumeTimes: 0 });
    expect(found).toMatchObject({ queueId: receipt.queueId, offset: receipt.offset, messageId: receipt.uniqueId });
    expect(found.properties).toMatchObject({ colour: 'blue' });

    const batched = messages.filter(({ body }) => body.toString().startsWith('batch')).sort((a, b) => a.offset - b.offset);
    expect(bodies(batched)).toEqual(['batch 0', 'batch 1', 'batch 2', 'batch 3']);
    const [first] = batch as readonly [Sent];
    expect(batched.map(({ offset, queueId }) => [queueId, offset])).toEqual(
      [0, 1, 2, 3].map((i) => [first.queueId, first.offset + i]),
    );
    expect(batched.map(({ messageId }) => messageId)).toEqual(first.uniqueId.split(','));
    expect(batched[3]).toMatchObject({ tags: 'b', keys: 'k3' });
    expect(first.messageId.split(',')).toHaveLength(4);
    expect((await client.byId('Sends', first.messageId.split(',')[3] as string)).body.toString()).toBe('batch 3');
  });

  test('push consumers are given what they subscribe to and nothing else, also where tags share a hash', async () => {
    await client.createTopic('Tagged', 4);
    const tags = ['Aa', 'BB', 'A', 'B', 'C', undefined];
    const messages = Array.from({ length: 120 }, (_, i) => {
      const tag = tags[i % tags.length];
      return { body: `${tag} ${i}`, ...(tag === undefined ? {} : { tags: tag }) };
    });
    await client.push({ name: 'early', group: 'early', topic: 'Tagged', expression: 'A || B' });
    await client.send('async', 'Tagged', messages);
    await client.push({ name: 'late', group: 'late', topic: 'Tagged', expression: 'BB' });
    const wanted = (...wantedTags: string[]) =>
      messages.filter(({ tags: tag }) => tag !== undefined && wantedTags.includes(tag)).map(({ body }) => body);
    expect(bodies(await given('early', 40)).sort()).toEqual(wanted('A', 'B').sort());
    expect(bodies(await given('late', 20)).sort()).toEqual(wanted('BB').sort());
    // One more of each, behind which nothing else can be on its way.
    for (let queueId = 0; queueId < 4; queueId++)
      await client.send(
        'sync',
        'Tagged',
        [
          { body: `last ${queueId}`, tags: 'BB' },
          { body: `last ${queueId}`, tags: 'A' },
        ],
        queueId,
      );
    await given('early', 44);
    await given('late', 24);
    await client.stop('early');
    await client.stop('late');
    expect(new Set((await given('early', 44)).map(({ tags: tag }) => tag))).toEqual(new Set(['A', 'B']));
    expect((await given('late', 24)).map(({ tags: tag }) => tag)).toEqual(Array(24).fill('BB'));
    expect(await given('early', 44)).toHaveLength(44);
  });

  test('a second consumer of a group goes on where the first one stopped, and two share the queues', async () => {
    await client.createTopic('Shared', 4);
    await client.send('sync', 'Shared', named('before', 12));
    await client.push({ name: 'first', group: 'sharing', topic: 'Shared', expression: '*' });
    await given('first', 12);
    await client.stop('first');
    await client.send('sync', 'Shared', named('after', 12));
    await client.push({ name: 'second', group: 'sharing', topic: 'Shared', expression: '*' });
    expect(bodies(await given('second', 12)).sort()).toEqual(
      named('after', 12)
        .map(({ body }) => body)
        .sort(),
    );

    // The broker tells the second one of the third at once: neither waits for its own look at the group every 20 seconds. While queues change
    // hands a message may come to both.
    await client.push({ name: 'third', group: 'sharing', topic: 'Shared', expression: '*' });
    const owners = async (round: number): Promise<string[]> => {
      const body = `round ${round}`;
      for (let queueId = 0; queueId < 4; queueId++) await client.send('sync', 'Shared', [{ body }], queueId);
      for (;;) {
        const its = client.deliveries.filter(({ message }) => message.body.toString() === body);
        const byQueue = new Map(its.map(({ consumer, message }) => [message.queueId, consumer]));
        if (byQueue.size === 4) return [...byQueue.values()].sort();
        await client.delivery();
      }
    };
    const fair = ['second', 'second', 'third', 'third'];
    let shares = await owners(0);
    for (let round = 1; round < 300 && shares.join() !== fair.join(); round++) shares = await owners(round);
    expect(shares).toEqual(fair);
    await client.stop('second');
    await client.stop('third');
  });

  test('an orderly consumer is given each queue in order', async () => {
    await client.createTopic('Ordered', 2);
    for (let queueId = 0; queueId < 2; queueId++) await client.send('sync', 'Ordered', named(`queue ${queueId}`, 20), queueId);
    await client.push({ name: 'orderly', group: 'orderly', topic: 'Ordered', expression: '*', orderly: true });
    const messages = await given('orderly', 40);
    await client.stop('orderly');
    for (let queueId = 0; queueId < 2; queueId++) {
      const its = messages.filter((message) => message.queueId === queueId);
      expect(bodies(its)).toEqual(named(`queue ${queueId}`, 20).map(({ body }) => body));
    }
  });

  test('what a consumer refuses comes again, and ends among the dead letters', async () => {
    await client.createTopic('Hard', 1);
    await client.send('sync', 'Hard', [{ body: 'hard', tags: 'x', keys: 'nut' }]);
    await client.push({ name: 'trying', group: 'trying', topic: 'Hard', expression: '*', failures: 9, maxReconsumeTimes: 2 });
    const tries = await given('trying', 3);
    expect(tries.map(({ body, reconsumeTimes, topic, tags }) => [body.toString(), reconsumeTimes, topic, tags])).toEqual(
      [0, 1, 2].map((count) => ['hard', count, 'Hard', 'x']),
    );
    const dead = await client.pull('%DLQ%trying', 0, 0, { wait: true });
    await client.stop('trying');
    expect(bodies(dead.messages)).toEqual(['hard']);
    expect(dead.messages[0]).toMatchObject({ keys: 'nut', tags: 'x', reconsumeTimes: 3 });
    expect(await given('trying', 3)).toHaveLength(3);
  });

  test('pulls say where to go on; lite pulls of a group commit and resume', async () => {
    await client.createTopic('Pulled', 1);
    expect(await client.pull('Pulled', 0, 0)).toMatchObject({ status: 'NO_NEW_MSG', nextOffset: 0, messages: [] });
    await client.send('sync', 'Pulled', [...named('one', 2), { body: 'two 0', tags: 'two' }]);
    const pulled = await client.pull('Pulled', 0, 1);
    expect(pulled).toMatchObject({ status: 'FOUND', nextOffset: 3, minOffset: 0, maxOffset: 3 });
    expect(bodies(pulled.messages)).toEqual(['one 1', 'two 0']);
    expect(await client.pull('Pulled', 0, 3)).toMatchObject({ status: 'NO_NEW_MSG', nextOffset: 3 });
    expect(await client.pull('Pulled', 0, 30)).toMatchObject({ status: 'OFFSET_ILLEGAL', nextOffset: 3 });
    expect(await client.pull('Pulled', 0, 0, { expression: 'three' })).toMatchObject({ status: 'NO_MATCHED_MSG', nextOffset: 3 });
    expect(bodies(await client.lite('lites', 'Pulled', '*', 3))).toEqual(['one 0', 'one 1', 'two 0']);
    await client.send('sync', 'Pulled', named('three', 1));
    expect(bodies(await client.lite('lites', 'Pulled', '*', 1))).toEqual(['three 0']);
    expect(bodies(await client.lite('others', 'Pulled', 'two', 1))).toEqual(['two 0']);
  });

  test('finds messages by key and by id, newest first, within a time', async () => {
    await client.createTopic('Known', 2);
    const messages = Array.from({ length: 10 }, (_, i) => ({
      body: `body ${i}`,
      keys: `${i % 2 === 0 ? 'Aa' : 'BB'} number-${i}`,
    }));
    const sent = await client.send('sync', 'Known', messages);
    expect(bodies(await client.byKey('Known', 'number-7'))).toEqual(['body 7']);
    expect(bodies(await client.byKey('Known', 'Aa'))).toEqual(['body 8', 'body 6', 'body 4', 'body 2', 'body 0']);
    expect(bodies(await client.byKey('Known', 'BB', { count: 2 }))).toEqual(['body 9', 'body 7']);
    expect(await client.byKey('Known', 'none')).toEqual([]);
    expect(await client.byKey('Pulled', 'Aa')).toEqual([]);
    const [seven] = (await client.byKey('Known', 'number-7')) as [ClientMessage];
    expect(await client.byKey('Known', 'number-7', { begin: seven.storeTimestamp, end: seven.storeTimestamp })).toHaveLength(1);
    expect(await client.byKey('Known', 'number-7', { end: seven.storeTimestamp - 1 })).toEqual([]);
    const receipt = sent[7] as Sent;
    for (const id of [receipt.messageId, receipt.uniqueId]) {
      const found = await client.byId('Known', id);
      expect(found.body.toString()).toBe('body 7');
      expect(found).toMatchObject({ queueId: receipt.queueId, offset: receipt.offset, keys: 'BB number-7' });
    }
  });

  test('finds the offset of a time, from both sides', async () => {
    await client.createTopic('Timed', 1);
    for (let i = 0; i < 20; i++) await client.send('sync', 'Timed', named('tick', 1), 0);
    const times = (await everything('Timed', 1)).map(({ storeTimestamp }) => storeTimestamp);
    expect(times).toHaveLength(20);
    for (const time of [...times, (times[0] as number) - 1, (times[19] as number) + 1]) {
      const firstAtOrAfter = times.findIndex((each) => each >= time);
      expect(await client.atTime('Timed', 0, time, 'lower')).toBe(firstAtOrAfter < 0 ? 20 : firstAtOrAfter);
      expect(await client.atTime('Timed', 0, time, 'upper')).toBe(
        Math.max(
          0,
          times.findLastIndex((each) => each <= time),
        ),
      );
    }
    expect(await client.bounds('Timed', 0)).toMatchObject({ minOffset: 0, maxOffset: 20, earliest: times[0] });
  });

  test('a body that the client compresses is stored compressed, and read as it was', async () => {
    await client.createTopic('Large', 1);
    const body = Buffer.from('the same again and again, '.repeat(4_000));
    const [receipt] = (await client.send('sync', 'Large', [{ body }])) as [Sent];
    const { messages } = await client.pull('Large', 0, 0);
    expect(messages[0]?.body.equals(body)).toBe(true);
    expect((await client.byId('Large', receipt.messageId)).body.equals(body)).toBe(true);
    await using store = await MessageStore.open(join(root, 'store'), { readOnly: true });
    const [stored] = (await store.read('Large', 0, 0)).messages;
    expect((stored?.sysFlag as number) & 0x1).toBe(1);
    expect(stored?.size).toBeLessThan(body.length / 10);
    expect(stored?.body.equals(body)).toBe(true);
  });

  test('a pull that waits is woken by the message, long before its wait is over', async () => {
    await client.createTopic('Awaited', 1);
    await client.push({ name: 'waiting', group: 'waiting', topic: 'Awaited', expression: '*' });
    await client.send('sync', 'Awaited', named('warm', 1));
    await given('waiting', 1);
    const delays: number[] = [];
    for (let i = 0; i < 10; i++) {
      const begin = Date.now();
      await client.send('sync', 'Awaited', named('tick', 1));
      const [delivery] = (await client.delivered('waiting', i + 2)).slice(-1);
      delays.push((delivery?.at as number) - begin);
    }
    await client.stop('waiting');
    // The client lets a pull wait for 15 seconds, and looks by itself no sooner.
    expect(Math.max(...delays)).toBeLessThan(5_000);
    delays.sort((a, b) => a - b);
    expect(delays[5]).toBeLessThan(1_000);
  });

  test('stops cleanly under a client, keeps offsets, and goes on after a restart, also with a client whose headers are binary', async () => {
    await client.createTopic('Kept', 1);
    await client.send('sync', 'Kept', named('before', 3));
    expect(bodies(await client.lite('keeping', 'Kept', '*', 3))).toEqual(named('before', 3).map(({ body }) => body));
    await client.push({ name: 'connected', group: 'connected', topic: 'Kept', expression: '*' });
    await given('connected', 3);
    const begin = performance.now();
    expect(await broker.stop()).toBe(0);
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(broker.output).toBe(`listening on ${broker.address}\nstopped\n`);
    const file = JSON.parse(readFileSync(join(root, 'store', 'config', 'consumerOffset.json'), 'utf8'));
    expect(file.offsetTable['Kept@keeping']).toEqual({ 0: 3 });
    await client.end();

    await using again = await BrokerProcess.start(built, join(root, 'store'));
    await using fresh = new JavaClient(again.address, 'ROCKETMQ');
    await fresh.send('sync', 'Kept', named('after', 2));
    expect(bodies(await fresh.lite('keeping', 'Kept', '*', 2))).toEqual(['after 0', 'after 1']);
    await fresh.push({ name: 'binary', group: 'binary', topic: 'Kept', expression: '*' });
    expect(bodies((await fresh.delivered('binary', 5)).map(({ message }) => message)).sort()).toEqual(
      [...named('after', 2), ...named('before', 3)].map(({ body }) => body),
    );
    await fresh.stop('binary');
    expect((await fresh.byId('Kept', (await fresh.pull('Kept', 0, 4)).messages[0]?.messageId as string)).body.toString()).toBe(
      'after 1',
    );
    expect(await again.stop()).toBe(0);
    await using store = await MessageStore.open(join(root, 'store'), { readOnly: true });
    expect(store.recovery.cleanShutdown).toBe(true);
    expect(bodies((await store.read('Kept', 0, 0)).messages)).toEqual(
      [...named('before', 3), ...named('after', 2)].map(({ body }) => body),
    );
  });
});

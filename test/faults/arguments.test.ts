/** INVALID_ARGUMENT and UNSUPPORTED: what is wrong with a call is said before anything is assigned, so nothing of it is in the log. */
import { beforeEach, expect, test } from 'vitest';
import type { Message, MessageStore } from '../../ts/index.js';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected, expectThrown } from './told.js';

// biome-ignore lint/suspicious/noExplicitAny: what a caller without a compiler may pass.
type Anything = any;

let store: MessageStore;
beforeEach(async () => {
  store = await openStore(storeFolder());
  await store.createTopic('T', { queues: 2 });
});

const tooLarge = 2 ** 53;
const wrongMessages: [what: string, message: Anything, named: string | RegExp][] = [
  ['no message', undefined, 'message'],
  ['null', null, 'message'],
  ['a string', 'T', 'message'],
  ['no topic', { body: 'x' }, 'topic'],
  ['an empty topic', { topic: '', body: 'x' }, 'topic'],
  ['a topic with a dot', { topic: 'a.b', body: 'x' }, '"a.b"'],
  ['a topic with a slash', { topic: '../T', body: 'x' }, '"../T"'],
  ['a topic with a space', { topic: 'a b', body: 'x' }, '"a b"'],
  ['a topic with an umlaut', { topic: 'ä', body: 'x' }, '"ä"'],
  ['a topic of 256 characters', { topic: 'a'.repeat(256), body: 'x' }, '256 characters'],
  ['a topic that is a number', { topic: 5, body: 'x' }, 'topic'],
  ['no body', { topic: 'T' }, 'body'],
  ['a body that is a number', { topic: 'T', body: 5 }, 'body'],
  ['a body that is a list', { topic: 'T', body: [1] }, 'body'],
  ['a body that is an ArrayBuffer', { topic: 'T', body: new ArrayBuffer(1) }, 'body'],
  ['a misspelt field', { topic: 'T', body: 'x', tag: 'a' }, 'tag'],
  ['a queue that is a string', { topic: 'T', body: 'x', queueId: '0' }, 'queueId'],
  ['a queue that names a property of lists', { topic: 'T', body: 'x', queueId: 'length' }, 'queueId'],
  ['a queue with a fraction', { topic: 'T', body: 'x', queueId: 0.5 }, 'queueId'],
  ['a negative queue', { topic: 'T', body: 'x', queueId: -1 }, 'queueId'],
  ['an empty tag', { topic: 'T', body: 'x', tags: '' }, 'tags'],
  ['a tag that is a number', { topic: 'T', body: 'x', tags: 5 }, 'tags'],
  ['a tag with U+0001', { topic: 'T', body: 'x', tags: 'a\u0001b' }, 'tags'],
  ['a key with U+0002', { topic: 'T', body: 'x', keys: 'a\u0002' }, 'keys'],
  ['a key of a list with a space', { topic: 'T', body: 'x', keys: ['a b'] }, 'keys[0]'],
  ['an empty key of a list', { topic: 'T', body: 'x', keys: ['a', ''] }, 'keys[1]'],
  ['a sharding key with U+0001', { topic: 'T', body: 'x', shardingKey: '\u0001' }, 'shardingKey'],
  ['a property name with U+0001', { topic: 'T', body: 'x', properties: { 'a\u0001': 'b' } }, 'in its name'],
  ['a property value with U+0002', { topic: 'T', body: 'x', properties: { a: 'b\u0002' } }, 'properties["a"]'],
  ['a property without a name', { topic: 'T', body: 'x', properties: { '': 'b' } }, 'empty name'],
  ['a property without a value', { topic: 'T', body: 'x', properties: { a: '' } }, 'properties["a"]'],
  ['a property that is a number', { topic: 'T', body: 'x', properties: { a: 5 } }, 'properties["a"]'],
  ["a property of the store's own", { topic: 'T', body: 'x', properties: { '__CRC32#': '1' } }, '__CRC32#'],
  ['properties that are a list', { topic: 'T', body: 'x', properties: ['a'] }, 'properties'],
  ['tags twice', { topic: 'T', body: 'x', tags: 'a', properties: 'TAGS\u0001b\u0002' }, 'tags'],
  ['a flag beyond int32', { topic: 'T', body: 'x', flag: 2 ** 31 }, 'flag'],
  ['a flag with a fraction', { topic: 'T', body: 'x', flag: 1.5 }, 'flag'],
  ["bits of sysFlag that are the store's", { topic: 'T', body: 'x', sysFlag: 0x10 }, '0x10'],
  ['a reconsumeTimes below zero', { topic: 'T', body: 'x', reconsumeTimes: -1 }, 'reconsumeTimes'],
  ['an unsafe bornTimestamp', { topic: 'T', body: 'x', bornTimestamp: tooLarge }, 'bornTimestamp'],
  ['a bornTimestamp that is a Date', { topic: 'T', body: 'x', bornTimestamp: new Date() }, 'bornTimestamp'],
  [
    'an unsafe preparedTransactionOffset',
    { topic: 'T', body: 'x', preparedTransactionOffset: tooLarge },
    'preparedTransactionOffset',
  ],
  ['a host without a port', { topic: 'T', body: 'x', bornHost: '127.0.0.1' }, 'bornHost'],
  ['a host with a name', { topic: 'T', body: 'x', bornHost: 'localhost:1' }, 'bornHost'],
];

test.each(wrongMessages)('%s is refused by every way to append, and nothing is stored', async (_what, message, named) => {
  const told = { code: 'INVALID_ARGUMENT', says: named } as const;
  const before = store.watermarks.written;
  await expectRejected(store.append(message), told);
  expectThrown(() => store.appendSync(message), told);
  await expectRejected(store.appendBatch([message, message]), told);
  const receipt = await store.append({ topic: 'T', queueId: 0, body: 'x' });
  expect(receipt).toMatchObject({ position: before, offset: 0 });
});

const message: Message = { topic: 'T', queueId: 0, body: 'x' };
const wrongOptions: [what: string, options: Anything][] = [
  ['options that are none', 'durable'],
  ['null as options', null],
  ['a misspelt option', { timeout: 5 }],
  ['a level that does not exist', { durability: 'flushed' }],
  ['a negative timeout', { timeoutMs: -1 }],
  ['a timeout that is no number', { timeoutMs: Number.NaN }],
  ['a timeout that is text', { timeoutMs: '5' }],
  ['a signal that is none', { signal: {} }],
  ['null as a signal', { signal: null }],
];

test.each(wrongOptions)('%s: neither an append nor a wait takes it', async (_what, options) => {
  const told = { code: 'INVALID_ARGUMENT' } as const;
  await expectRejected(store.append(message, options), told);
  await expectRejected(store.appendBatch([message], options), told);
  await expectRejected(store.queue('T', 0).append({ body: 'x' }, options), told);
  if (options?.durability === undefined) await expectRejected(store.reached('written', 0, options), told);
  else await expectRejected(store.reached(options.durability, 0), told);
  if (options === null || typeof options !== 'object' || 'signal' in options) await expectRejected(store.drained(options), told);
  expect(store.watermarks.written).toBe(0);
});

test('a batch goes to one queue, whole', async () => {
  const told = { code: 'INVALID_ARGUMENT' } as const;
  await expectRejected(store.appendBatch([message, { topic: 'U', body: 'x' }]), { ...told, says: 'Message 1' });
  await expectRejected(store.appendBatch([message, { topic: 'T', queueId: 1, body: 'x' }]), { ...told, says: 'Message 1' });
  await expectRejected(store.appendBatch([message, message, null as Anything]), { ...told, says: 'Message 2' });
  await expectRejected(store.appendBatch([message, { ...message, body: 5 as Anything }]), { ...told, says: 'body' });
  await expectRejected(store.appendBatch('xx' as Anything), { ...told, says: 'array' });
  for (const sysFlag of [0x4, 0x8, 0xc]) {
    await expectRejected(store.appendBatch([message, { ...message, sysFlag }]), { ...told, says: 'transaction' });
  }
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((shardingKey) => ({ topic: 'T', shardingKey, body: 'x' }));
  await expectRejected(store.appendBatch(keys), { ...told, says: 'shardingKey of message' });
  expect(store.watermarks.written).toBe(0);
  expect((await store.appendBatch([message, message])).map(({ offset }) => offset)).toEqual([0, 1]);
});

test('offsets, positions and limits of reads are whole numbers', async () => {
  const told = { code: 'INVALID_ARGUMENT' } as const;
  await store.append(message);
  for (const wrong of [-1, 0.5, tooLarge, Number.NaN, '0', null, undefined, 0n] as Anything[]) {
    await expectRejected(store.read('T', 0, wrong), { ...told, says: 'offset' });
    expectThrown(() => store.readSync('T', 0, wrong), { ...told, says: 'offset' });
    await expectRejected(store.readRaw('T', 0, wrong), { ...told, says: 'offset' });
    await expectRejected(store.read('T', wrong, 0), { ...told, says: 'queueId' });
    expectThrown(() => store.queue('T', wrong), { ...told, says: 'queueId' });
    await expectRejected(store.messageAt(wrong), { ...told, says: 'position' });
    await expectRejected(store.reached('written', wrong), { ...told, says: 'position' });
  }
  for (const name of ['maxMessages', 'maxBytes', 'maxScanned']) {
    for (const wrong of [0, -1, 0.5, tooLarge, '1']) {
      await expectRejected(store.read('T', 0, 0, { [name]: wrong } as Anything), { ...told, says: name });
    }
  }
  await expectRejected(store.read('T', 0, 0, { max: 1 } as Anything), { ...told, says: 'max' });
  await expectRejected(store.read('T', 0, 0, 5 as Anything), told);
  for (const tags of ['', ' || ', 'a\u0001', [], ['a', ''], [5], 5, null] as Anything[]) {
    await expectRejected(store.read('T', 0, 0, { tags }), { ...told, says: 'tags' });
    await expectRejected(store.readRaw('T', 0, 0, { tags }), { ...told, says: 'tags' });
    expectThrown(() => store.readSync('T', 0, 0, { tags }), { ...told, says: 'tags' });
  }
  await expectRejected(store.read(5 as Anything, 0, 0), { ...told, says: 'topic' });
  await expectRejected(store.reached('written', 10 ** 9), { ...told, says: '1000000000' });
});

test('topics are made and changed only with names and numbers that can be', async () => {
  const told = { code: 'INVALID_ARGUMENT' } as const;
  for (const name of ['', 'a.b', 'a/b', 5, null, undefined, {}] as Anything[]) await expectRejected(store.createTopic(name), told);
  for (const queues of [0, -1, 1.5, 65_537, '2', null] as Anything[]) {
    await expectRejected(store.createTopic('U', { queues }), { ...told, says: 'queues' });
    await expectRejected(store.updateTopic('T', { queues }), { ...told, says: 'queues' });
  }
  await expectRejected(store.createTopic('U', { queue: 1 } as Anything), { ...told, says: 'queue' });
  await expectRejected(store.createTopic('U', 'x' as Anything), told);
  await expectRejected(store.createTopic('T', { queues: 3 }), { ...told, says: 'exists with 2 queues' });
  await expectRejected(store.updateTopic('T', { queues: 1 }), { ...told, says: 'never shrink' });
  for (const wrong of [5, null, undefined] as Anything[]) {
    expectThrown(() => store.topic(wrong), told);
    expectThrown(() => store.queue(wrong, 0), told);
    await expectRejected(store.deleteTopic(wrong), told);
    await expectRejected(store.updateTopic(wrong, {}), told);
  }
  expect(store.topics().map(({ name }) => name)).toEqual(['T']);
});

test('a clock that gives no time refuses the append', async () => {
  let now: Anything = 5;
  const own = await openStore(storeFolder(), { clock: () => now });
  await own.append(message);
  now = Number.NaN;
  await expectRejected(own.append(message), { code: 'INVALID_ARGUMENT', says: 'clock' });
  now = 7;
  expect(await own.append(message)).toMatchObject({ offset: 1, storeTimestamp: 7 });
});

test('what a later version brings is UNSUPPORTED, by name', async () => {
  const told = { code: 'UNSUPPORTED' } as const;
  for (const name of ['deliverAt', 'delayLevel']) {
    await expectRejected(store.append({ ...message, [name]: 1 }), { ...told, says: name });
    expectThrown(() => store.appendSync({ ...message, [name]: 1 }), { ...told, says: name });
    await expectRejected(store.appendBatch([{ ...message, [name]: 1 }]), { ...told, says: name });
  }
  await expectRejected(store.append(message, { durability: 'replicated' }), { ...told, says: 'replicated' });
  expectThrown(() => store.appendSync(message, { durability: 'replicated' as Anything }), { ...told, says: 'replicated' });
  await expectRejected(store.reached('replicated', 0), { ...told, says: 'replicated' });
  for (const name of ['cleanupPolicy', 'retentionMs', 'retentionBytes']) {
    await expectRejected(store.createTopic('U', { [name]: 1 } as Anything), { ...told, says: name });
  }
  for (const name of ['retention', 'compaction', 'replication']) {
    await expectRejected(openStore(storeFolder(), { [name]: true }), { ...told, says: name });
  }
  expect(store.watermarks.written).toBe(0);
});

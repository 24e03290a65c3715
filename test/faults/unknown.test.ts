/** UNKNOWN_TOPIC and UNKNOWN_QUEUE: names that lead nowhere, and handles that no longer lead anywhere. */
import { expect, test } from 'vitest';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected, expectThrown } from './told.js';

const message = { topic: 'T', body: 'x' };

test('without autoCreateTopics an append makes no topic', async () => {
  const store = await openStore(storeFolder(), { autoCreateTopics: false });
  const told = { code: 'UNKNOWN_TOPIC', says: '"T"' } as const;
  await expectRejected(store.append(message), told);
  await expectRejected(store.appendBatch([message]), told);
  expectThrown(() => store.appendSync(message), told);
  expect(store.topics()).toEqual([]);
  await store.createTopic('T');
  expect((await store.append(message)).offset).toBe(0);
});

test('a topic that is not there can be neither changed, deleted nor looked into', async () => {
  const store = await openStore(storeFolder());
  const told = { code: 'UNKNOWN_TOPIC', says: '"T"' } as const;
  await expectRejected(store.updateTopic('T', { queues: 2 }), told);
  await expectRejected(store.deleteTopic('T'), told);
  expectThrown(() => store.queue('T', 0), told);
  expect(store.topic('T')).toBeUndefined();
  expect((await store.read('T', 0, 0)).status).toBe('NO_MATCHED_LOGIC_QUEUE');
});

test('the handle of a deleted topic appends nothing, also when a topic of that name is there again', async () => {
  const store = await openStore(storeFolder());
  await store.append(message);
  const queue = store.queue('T', 0);
  await store.deleteTopic('T');
  const told = { code: 'UNKNOWN_TOPIC', says: 'was deleted' } as const;
  await expectRejected(queue.append({ body: 'x' }), told);
  await expectRejected(queue.appendBatch([{ body: 'x' }]), told);
  expectThrown(() => queue.appendSync({ body: 'x' }), told);

  await store.createTopic('T');
  await expectRejected(queue.append({ body: 'x' }), told);
  expect((await store.queue('T', 0).append({ body: 'x' })).offset).toBe(1);
});

test('while a topic is being deleted nobody appends to it', async () => {
  const store = await openStore(storeFolder());
  await store.append(message);
  const deleting = store.deleteTopic('T');
  await expectRejected(store.append(message), { code: 'UNKNOWN_TOPIC', says: 'being deleted' });
  await deleting;
  expect((await store.append(message)).offset).toBe(1);
});

test('closing while a topic is being deleted leaves it deleted, and the process alive', async () => {
  const directory = storeFolder();
  const store = await openStore(directory);
  await store.append(message);
  const deleting = store.deleteTopic('T');
  const making = store.createTopic('U', { queues: 3 });
  await store.close();
  await deleting;
  expect((await making).queues).toHaveLength(3);
  const next = await openStore(directory);
  expect(next.topics().map(({ name }) => name)).toEqual(['U']);
});

test('a queue beyond those of its topic is UNKNOWN_QUEUE, and says which there are', async () => {
  const store = await openStore(storeFolder(), { defaultQueues: 3 });
  const told = { code: 'UNKNOWN_QUEUE', says: 'the queues 0 to 2, not 3' } as const;
  const beyond = { ...message, queueId: 3 };
  await expectRejected(store.append(beyond), told);
  await expectRejected(store.appendBatch([beyond]), told);
  expectThrown(() => store.appendSync(beyond), told);
  expectThrown(() => store.queue('T', 3), told);
  expect((await store.read('T', 3, 0)).status).toBe('NO_MATCHED_LOGIC_QUEUE');
  expect(store.watermarks.written).toBe(0);

  await store.updateTopic('T', { queues: 4 });
  expect((await store.append(beyond)).queueId).toBe(3);
});

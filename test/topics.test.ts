/** Topics of a store on disk: RocketMQ's topics.json as calls leave it, deletions that last, numbering that never goes back. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoreOptions } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { openStore, storeFolder } from './storefolder.js';

const now = 1_700_000_000_000;
const small: StoreOptions = { commitLog: { fileBytes: 16 * 1024 }, consumeQueue: { entriesPerFile: 50 }, clock: () => now };

interface TopicsDocument {
  dataVersion: { counter: number; stateVersion: number; timestamp: number };
  topicConfigTable: Record<string, Record<string, unknown>>;
}

function topicsOf(directory: string, name = 'topics.json'): TopicsDocument {
  return JSON.parse(readFileSync(join(directory, 'config', name), 'utf8')) as TopicsDocument;
}

/** Runs statements against an opened `store` in a process that kills itself behind them. */
function inKilledProcess(directory: string, statements: string, options: StoreOptions = {}): void {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const all = { ...options, commitLog: { fileBytes: 16 * 1024 }, consumeQueue: { entriesPerFile: 50 } };
  const script = `
    import { MessageStore } from ${JSON.stringify(index)};
    const store = await MessageStore.open(${JSON.stringify(directory)}, ${JSON.stringify(all)});
    ${statements}
    process.kill(process.pid, 'SIGKILL');`;
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect([signal, stderr]).toEqual(['SIGKILL', '']);
}

test('a created topic stands in topics.json in the words of RocketMQ', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  await store.createTopic('Orders', { queues: 4 });
  expect(topicsOf(directory)).toEqual({
    dataVersion: { counter: 1, stateVersion: 0, timestamp: now },
    topicConfigTable: {
      Orders: {
        attributes: {},
        order: false,
        perm: 6,
        readQueueNums: 4,
        topicFilterType: 'SINGLE_TAG',
        topicName: 'Orders',
        topicSysFlag: 0,
        writeQueueNums: 4,
      },
    },
  });
  await store.updateTopic('Orders', { queues: 8 });
  expect(topicsOf(directory).topicConfigTable.Orders).toMatchObject({ readQueueNums: 8, writeQueueNums: 8 });
  expect(topicsOf(directory, 'topics.json.bak').topicConfigTable.Orders).toMatchObject({ readQueueNums: 4, writeQueueNums: 4 });
  await store.deleteTopic('Orders');
  expect(topicsOf(directory)).toEqual({ dataVersion: { counter: 3, stateVersion: 0, timestamp: now }, topicConfigTable: {} });
  expect(Object.keys(topicsOf(directory, 'topics.json.bak').topicConfigTable)).toEqual(['Orders']);
});

test('an append makes its topic with defaultQueues, on disk at the latest when the store is closed', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, { ...small, defaultQueues: 3 });
  const receipts = await Promise.all([1, 2, 3].map(() => store.append({ topic: 'Auto', body: 'b' })));
  expect(receipts.map(({ queueId }) => queueId).sort()).toEqual([0, 1, 2]);
  await store.close();
  expect(topicsOf(directory).topicConfigTable.Auto).toMatchObject({
    topicName: 'Auto',
    readQueueNums: 3,
    writeQueueNums: 3,
    perm: 6,
  });
});

test('a topic made by an append keeps all its queues when the process dies before topics.json was written', async () => {
  const directory = storeFolder();
  inKilledProcess(directory, `store.appendSync({ topic: 'Auto', queueId: 1, body: 'b' });`, { defaultQueues: 5 });
  // As if the kill had come a little earlier.
  rmSync(join(directory, 'config'), { recursive: true, force: true });
  const store = await openStore(directory, { ...small, defaultQueues: 5 });
  expect(store.topic('Auto')?.queues.map(({ nextOffset }) => nextOffset)).toEqual([0, 1, 0, 0, 0]);
  expect(await store.append({ topic: 'Auto', queueId: 4, body: 'c' })).toMatchObject({ queueId: 4, offset: 0 });
  await store.close();
  expect(topicsOf(directory).topicConfigTable.Auto).toMatchObject({ readQueueNums: 5 });
});

test('what RocketMQ wrote and we do not know survives our rewriting', async () => {
  const directory = storeFolder();
  mkdirSync(join(directory, 'config'), { recursive: true });
  const written =
    '{"dataVersion":{"counter":41,"stateVersion":7,"timestamp":1},"someMap":{0:12,1:9007199254740993},"topicConfigTable":{' +
    '"Theirs":{"attributes":{"+message.type":"FIFO"},"order":true,"perm":4,"readQueueNums":2,"topicFilterType":"MULTI_TAG",' +
    '"topicName":"Theirs","topicSysFlag":3,"writeQueueNums":2,"newField":[1.0,null]}}}';
  writeFileSync(join(directory, 'config', 'topics.json'), written);
  const store = await openStore(directory, small);
  expect(store.topics().map(({ name, queues }) => [name, queues.length])).toEqual([['Theirs', 2]]);
  await store.createTopic('Ours');
  await store.updateTopic('Theirs', { queues: 3 });
  await store.close();
  const text = readFileSync(join(directory, 'config', 'topics.json'), 'utf8');
  expect(text).toContain('9007199254740993');
  expect(text).toContain('1.0');
  const document = topicsOf(directory);
  expect(document).toMatchObject({ dataVersion: { stateVersion: 7, timestamp: now }, someMap: { 0: 12 } });
  expect(document.dataVersion.counter).toBeGreaterThan(41);
  expect(document.topicConfigTable.Theirs).toEqual({
    attributes: { '+message.type': 'FIFO' },
    order: true,
    perm: 4,
    readQueueNums: 3,
    topicFilterType: 'MULTI_TAG',
    topicName: 'Theirs',
    topicSysFlag: 3,
    writeQueueNums: 3,
    newField: [1, null],
  });
});

test('without topics.json its .bak is taken, and made good by the next change', async () => {
  const directory = storeFolder();
  let store = await openStore(directory, small);
  await store.createTopic('A', { queues: 2 });
  await store.createTopic('B', { queues: 3 });
  await store.close();
  writeFileSync(join(directory, 'config', 'topics.json'), '{"dataVersion":');
  const warnings: unknown[] = [];
  const quiet = (): void => undefined;
  const logger = { debug: quiet, info: quiet, error: quiet, warn: (text: unknown) => void warnings.push(text) };
  store = await openStore(directory, { ...small, logger });
  expect(warnings.join()).toMatch(/topics\.json was missing or damaged/);
  expect(store.topics().map(({ name, queues }) => [name, queues.length])).toEqual([['A', 2]]);
  await store.createTopic('C');
  expect(Object.keys(topicsOf(directory).topicConfigTable)).toEqual(['A', 'C']);
});

test('a deleted topic stays deleted, also when the process dies, and made again it goes on counting', async () => {
  const directory = storeFolder();
  inKilledProcess(
    directory,
    `await store.createTopic('T', { queues: 2 });
     for (let i = 0; i < 5; i++) await store.append({ topic: 'T', queueId: 1, body: 'old ' + i });
     await store.append({ topic: 'Other', body: 'stays' });
     await store.deleteTopic('T');`,
  );
  let store = await openStore(directory, small);
  expect(store.recovery.cleanShutdown).toBe(false);
  expect(store.topics().map(({ name }) => name)).toEqual(['Other']);
  expect((await store.read('T', 1, 0)).status).toBe('NO_MATCHED_LOGIC_QUEUE');
  expect(existsSync(join(directory, 'consumequeue', 'T'))).toBe(false);
  await store.close();
  inKilledProcess(
    directory,
    `await store.createTopic('T', { queues: 3 });
     for (let i = 5; i < 8; i++) await store.append({ topic: 'T', queueId: 1, body: 'new ' + i });
     await store.append({ topic: 'T', queueId: 2, body: 'first' });`,
  );
  store = await openStore(directory, small);
  expect(store.topic('T')?.queues.map(({ minOffset, maxOffset }) => [minOffset, maxOffset])).toEqual([
    [0, 0],
    [5, 8],
    [0, 1],
  ]);
  const { messages } = await store.read('T', 1, 5);
  expect(messages.map(({ offset, body }) => [offset, body.toString()])).toEqual([
    [5, 'new 5'],
    [6, 'new 6'],
    [7, 'new 7'],
  ]);
  expect(await store.append({ topic: 'T', queueId: 1, body: '' })).toMatchObject({ offset: 8 });
});

test('a topic deleted twice goes on counting from its last end, and its queues lose their consume-queue files', async () => {
  const directory = storeFolder();
  let store = await openStore(directory, small);
  for (const round of [0, 1, 2]) {
    for (let i = 0; i < 60; i++) expect((await store.append({ topic: 'T', body: 'b' })).offset).toBe(round * 60 + i);
    await store.flush();
    const queue = store.queue('T', 0);
    await store.deleteTopic('T');
    expect(await rejectionOf(queue.append({ body: 'late' }))).toMatchObject({ code: 'UNKNOWN_TOPIC', stored: 'no' });
    await store.close();
    expect(existsSync(join(directory, 'consumequeue', 'T'))).toBe(false);
    store = await openStore(directory, small);
    expect(store.topics()).toEqual([]);
  }
});

test('a sharding key keeps its queue, whoever opens the store', async () => {
  const directory = storeFolder();
  const keys = ['a', 'customer-17', 'polygenelubricants', '标签🚀', 'Aa', 'BB'];
  // Java's String.hashCode modulo 7, without its sign.
  const expected = [6, 0, 2, 5, 5, 5];
  for (const flush of ['sync', 'async'] as const) {
    const store = await openStore(directory, { ...small, flush, defaultQueues: 7 });
    const receipts = await Promise.all(
      keys.map((shardingKey) => store.append({ topic: 'Sharded', shardingKey, body: shardingKey })),
    );
    expect(receipts.map(({ queueId }) => queueId)).toEqual(expected);
    await store.close();
  }
});

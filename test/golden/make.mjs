/**
 * Makes the golden stores: directories as this version leaves them, which every later version has to open.
 *
 *   node test/golden/make.mjs <folder>
 *
 * `clean` was closed in order, `unclean` was left by a process that was killed; neither has an index. `indexed` was closed in order and has one of several
 * small files. Beside them `expected.json`: every message as it reads, and for `indexed` what its keys find.
 * The clock is fixed, so the logs, the consume queues and, where it is UTC, the index come out the same each time; what names the store, the
 * process and the boot (all in `millrace/`, and `abort`) does not. What is committed stays as it is: a new version adds stores of its own.
 *
 *   TZ=UTC node test/golden/make.mjs --indexed <folder>
 *
 * makes that one store only.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageStore } from '../../dist/index.js';

const longTopic = 'L'.repeat(150);
let time = 1_700_000_000_000;
const options = {
  commitLog: { fileBytes: 16 * 1024 },
  consumeQueue: { entriesPerFile: 50 },
  clock: () => (time += 7),
};

function message(i, more) {
  return { topic: 'GoldenTopic', queueId: 0, body: `message ${i} ${'.'.repeat((i * 37) % 400)}`, bornTimestamp: 1_600_000_000_000 + i, ...more };
}

async function fill(store) {
  await store.createTopic('GoldenTopic', { queues: 3 });
  await store.createTopic(longTopic);
  for (let i = 0; i < 70; i++) await store.append(message(i));
  for (let i = 0; i < 6; i++) {
    const batch = [0, 1, 2, 3].map((k) => message(i * 4 + k, { queueId: 1, tags: `Tag${k}`, keys: [`b${i}`, `k${k}`] }));
    await store.appendBatch(batch);
  }
  await store.append(message(1, { queueId: 2, body: '' }));
  await store.append(message(2, { queueId: 2, bornHost: '[2001:db8::1]:54321', flag: -7, tags: '标签🚀', keys: 'key0 order0' }));
  await store.append(message(3, { queueId: 2, sysFlag: 0x8, preparedTransactionOffset: 99, reconsumeTimes: 2 }));
  await store.append(message(4, { queueId: 2, sysFlag: 0x4 }));
  await store.append(message(5, { queueId: 2, properties: { shape: 'round', größe: 'klein' }, body: Buffer.from([0, 1, 2, 0xff]) }));
  for (let i = 0; i < 3; i++) await store.append(message(i, { topic: longTopic }));
}

/** How the index of `indexed` is laid out. */
export const indexShape = { slotsPerFile: 16, entriesPerFile: 32, tags: true };

async function makeIndexed(directory) {
  const store = await MessageStore.open(directory, { ...options, index: indexShape, storeHost: '10.9.8.7:10911' });
  await store.createTopic('GoldenTopic', { queues: 2 });
  for (let i = 0; i < 60; i++) {
    if (i % 20 === 19) time += 90_000;
    // Aa and BB have one hash.
    const keys = [`order${i % 9}`, ...(i % 4 === 0 ? ['Aa'] : []), ...(i % 6 === 0 ? ['BB'] : []), ...(i % 10 === 3 ? ['标签🚀'] : [])];
    const properties = i % 3 === 0 ? { properties: { UNIQ_KEY: `7F000001ABCD18B4AAC20000000000${String(i).padStart(2, '0')}` } } : {};
    await store.append(message(i, { queueId: i % 2, keys, ...(i % 5 === 0 ? { tags: 'red' } : {}), ...properties }));
  }
  await store.close();
}

/** The positions that some keys of `indexed` find, newest first: of all times, and of the middle. */
export async function lookUps(store) {
  const found = {};
  const keys = ['Aa', 'BB', '标签🚀', 'T#red', 'order4', '7F000001ABCD18B4AAC2000000000027', 'nobody'];
  for (const key of keys) {
    for (const window of [{}, { begin: 1_700_000_090_000, end: 1_700_000_180_000 }]) {
      const messages = await store.findByKey('GoldenTopic', key, { ...window, maxMessages: 100 });
      found[`${key} ${JSON.stringify(window)}`] = messages.map(({ position }) => position);
    }
  }
  return found;
}

async function makeClean(directory) {
  let store = await MessageStore.open(directory, { ...options, storeHost: '10.9.8.7:10911' });
  await fill(store);
  await store.createTopic('Deleted');
  for (let i = 0; i < 4; i++) await store.append(message(i, { topic: 'Deleted' }));
  await store.deleteTopic('Deleted');
  await store.close();
  store = await MessageStore.open(directory, { ...options, storeHost: '[fe80::5]:10911' });
  await store.append(message(6, { queueId: 2, body: 'by another host' }));
  await store.createTopic('Deleted');
  await store.append(message(7, { topic: 'Deleted', body: 'goes on at 4' }));
  await store.close();
}

/** The consume queues of the second session are behind the log when the process dies. */
async function makeUnclean(directory) {
  let store = await MessageStore.open(directory, { ...options, storeHost: '10.9.8.7:10911' });
  await fill(store);
  await store.close();
  store = await MessageStore.open(directory, { ...options, storeHost: '10.9.8.7:10911' });
  await store.appendBatch([1, 2, 3].map((i) => message(i, { queueId: 1 })));
  for (let i = 0; i < 5; i++) store.appendSync(message(i, { queueId: 2, body: `last ${i}` }));
  process.kill(process.pid, 'SIGKILL');
}

function plain(stored) {
  const { offset, position, size, storeTimestamp, bornTimestamp, bornHost, storeHost, flag, sysFlag, reconsumeTimes } = stored;
  const { preparedTransactionOffset, tags, keys, properties, messageId, body, raw } = stored;
  const numbers = { offset, position, size, storeTimestamp, bornTimestamp, flag, sysFlag, reconsumeTimes, preparedTransactionOffset };
  const isV2 = raw.readUInt32BE(4) === 0xdaa320ab;
  return { ...numbers, bornHost, storeHost, tags, keys, properties, messageId, isV2, bodySha1: createHash('sha1').update(body).digest('hex') };
}

/** Everything there is in a store, as JSON has it. */
export async function contents(store) {
  const topics = {};
  for (const { name, queues } of store.topics()) {
    topics[name] = [];
    for (const { queueId, minOffset, maxOffset } of queues) {
      const { messages } = await store.read(name, queueId, minOffset, { maxMessages: 10_000, maxBytes: 1 << 24 });
      topics[name].push({ minOffset, maxOffset, messages: messages.map(plain) });
    }
  }
  return JSON.parse(JSON.stringify({ end: store.watermarks.durable, topics }));
}

/** With the word of what it reads as, which belongs into `expected.json`. */
async function mainIndexed(folder) {
  const directory = join(folder, 'indexed');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await makeIndexed(directory);
  const store = await MessageStore.open(directory, { readOnly: true });
  console.log(JSON.stringify({ ...(await contents(store)), lookUps: await lookUps(store) }));
  await store.close();
}

async function main(folder) {
  const path = (name) => join(folder, name);
  for (const name of ['clean', 'unclean']) rmSync(path(name), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await makeClean(path('clean'));
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--unclean', path('unclean')], { stdio: 'inherit' });
  const expected = {};
  for (const name of ['clean', 'unclean']) {
    const store = await MessageStore.open(path(name), { readOnly: true });
    expected[name] = await contents(store);
    await store.close();
  }
  writeFileSync(path('expected.json'), `${JSON.stringify(expected)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, second] = process.argv.slice(2);
  if (first === '--unclean') await makeUnclean(second);
  else if (first === '--indexed') await mainIndexed(second);
  else if (first === undefined) throw new Error('Say where: node test/golden/make.mjs <folder>');
  else await main(first);
}

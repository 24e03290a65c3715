/** LOCKED and READ_ONLY: who may open a store beside whom, and what somebody who only looks may not do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { MessageStore } from '../../ts/index.js';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected, expectThrown } from './told.js';

const holder = fileURLToPath(new URL('children/holder.mjs', import.meta.url));
const message = { topic: 'T', body: 'x' };

test('a second opener in the same process is refused, and told the pid', async () => {
  const directory = storeFolder();
  const store = await openStore(directory);
  const error = await expectRejected(MessageStore.open(directory), { code: 'LOCKED', says: `process ${process.pid} has it open` });
  expect(error.details.path).toBe(directory);
  expect(error.details.position).toBeUndefined();
  await store.append(message);

  await store.close();
  const next = await openStore(directory);
  expect((await next.append(message)).offset).toBe(1);
});

test('a refused opener does not drop the lock of the one who has it', async () => {
  const directory = storeFolder();
  await openStore(directory);
  for (let i = 0; i < 3; i++) await expectRejected(MessageStore.open(directory), { code: 'LOCKED' });
});

test('of several openers at once exactly one gets the store', async () => {
  const directory = storeFolder();
  const openers = await Promise.allSettled(Array.from({ length: 5 }, () => openStore(directory)));
  const refused = openers.filter((each) => each.status === 'rejected');
  expect(refused).toHaveLength(4);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'LOCKED', stored: 'no', retriable: false });
});

test('an opener in another process is refused with the pid of the holder, until that one is killed', async () => {
  const directory = storeFolder();
  const child = spawn(process.execPath, [holder, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface(child.stdout)) {
    expect(line).toBe('open');
    break;
  }
  await expectRejected(MessageStore.open(directory), { code: 'LOCKED', says: `process ${child.pid} has it open` });

  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = await openStore(directory);
  expect(store.recovery.cleanShutdown).toBe(false);
  expect((await store.append(message)).offset).toBe(1);
});

test('a read-only store refuses everything that would write, and opens beside the writer', async () => {
  const directory = storeFolder();
  const writer = await openStore(directory);
  await writer.append(message);
  const reader = await openStore(directory, { readOnly: true });
  const readOnly = { code: 'READ_ONLY', says: 'readOnly' } as const;

  await expectRejected(reader.append(message), readOnly);
  await expectRejected(reader.append({ topic: 'New', body: 'x' }), readOnly);
  await expectRejected(reader.appendBatch([message]), readOnly);
  expectThrown(() => reader.appendSync(message), readOnly);
  await expectRejected(reader.flush(), readOnly);
  await expectRejected(reader.reached('written', 0), readOnly);
  await expectRejected(reader.createTopic('U'), readOnly);
  await expectRejected(reader.updateTopic('T', { queues: 2 }), readOnly);
  await expectRejected(reader.deleteTopic('T'), readOnly);
  await expectRejected(reader.queue('T', 0).append(message), readOnly);
  await expectRejected(reader.queue('T', 0).appendBatch([message]), readOnly);
  expectThrown(() => reader.queue('T', 0).appendSync(message), readOnly);

  expect((await reader.read('T', 0, 0)).messages).toHaveLength(1);
  expect(reader.topic('New')).toBeUndefined();
});

test('a read-only store does not make what is missing', async () => {
  const directory = storeFolder();
  await expectRejected(MessageStore.open(directory, { readOnly: true }), { code: 'INVALID_OPTIONS', says: 'does not exist' });
  expect(existsSync(directory)).toBe(false);
});

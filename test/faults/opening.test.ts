/** INVALID_OPTIONS, FORMAT_MISMATCH, CORRUPTION, IO_ERROR and ABORTED of open: what is refused is left as it was found. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { MessageStore, type StoreOptions } from '../../ts/index.js';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected, expectThrown } from './told.js';

const small: StoreOptions = { commitLog: { fileBytes: 16384 }, consumeQueue: { entriesPerFile: 50 } };

/** Every path below a folder with its content; `lock` is only looked at, because who asks for it may write it. */
function tree(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(folder.length), entry.isFile() ? readFileSync(path, 'latin1') : 'folder');
  }
  return found;
}

/** A store of three files, cleanly closed. */
async function closedStore(): Promise<string> {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  for (let n = 0; n < 40; n++) await store.append({ topic: 'T', body: Buffer.alloc(900, n) }, { durability: 'written' });
  await store.close();
  return directory;
}

async function refusedUntouched(directory: string, told: Parameters<typeof expectRejected>[1], options?: StoreOptions) {
  const before = tree(directory);
  const error = await expectRejected(MessageStore.open(directory, options), told);
  expect([...tree(directory)]).toEqual([...before]);
  // Nor is the lock kept.
  await expectRejected(MessageStore.open(directory, options), told);
  return error;
}

test('the file sizes of a store cannot change, and the error says what they are', async () => {
  const directory = await closedStore();
  const invalid = { code: 'INVALID_OPTIONS' } as const;
  await refusedUntouched(directory, { ...invalid, says: 'commitLog.fileBytes 16384' }, { commitLog: { fileBytes: 32768 } });
  await refusedUntouched(
    directory,
    { ...invalid, says: 'consumeQueue.entriesPerFile 50' },
    { consumeQueue: { entriesPerFile: 51 } },
  );
  await openStore(directory, small);
});

test('an existing store is refused with errorIfExists, a missing one without createIfMissing', async () => {
  const missing = storeFolder();
  const error = await expectRejected(MessageStore.open(missing, { createIfMissing: false }), {
    code: 'INVALID_OPTIONS',
    says: 'createIfMissing',
  });
  expect(error.details).toMatchObject({ path: missing, errno: 'ENOENT' });
  expect(existsSync(missing)).toBe(false);
  const directory = await closedStore();
  await refusedUntouched(directory, { code: 'INVALID_OPTIONS', says: 'errorIfExists' }, { errorIfExists: true });
  await openStore(directory, { createIfMissing: false });
});

test('a misspelt, unknown or contradictory option opens nothing', async () => {
  const directory = storeFolder();
  const invalid = { code: 'INVALID_OPTIONS' } as const;
  // biome-ignore lint/suspicious/noExplicitAny: what a caller without a compiler may pass.
  const open = (options: any): Promise<MessageStore> => MessageStore.open(directory, options);
  await expectRejected(open({ flsh: 'sync' }), { ...invalid, says: 'Did you mean flush?' });
  await expectRejected(open({ colour: 'red' }), { ...invalid, says: 'no option colour' });
  await expectRejected(open({ flush: 'always' }), { ...invalid, says: 'flush' });
  await expectRejected(open({ readOnly: true, flush: 'sync' }), { ...invalid, says: 'contradict' });
  await expectRejected(open({ createIfMissing: false, errorIfExists: true }), { ...invalid, says: 'contradict' });
  await expectRejected(open(null), invalid);
  expect(existsSync(directory)).toBe(false);
  // biome-ignore lint/suspicious/noExplicitAny: the same.
  for (const path of ['', 5, null, undefined] as any[]) {
    await expectRejected(MessageStore.open(path), { code: 'INVALID_ARGUMENT', says: 'directory' });
  }
});

test('a stray file in the commit log is FORMAT_MISMATCH, named, and nothing is touched', async () => {
  const directory = await closedStore();
  const stray = join(directory, 'commitlog', 'notes.txt');
  writeFileSync(stray, 'mine');
  const error = await refusedUntouched(directory, { code: 'FORMAT_MISMATCH', says: 'notes.txt' });
  expect(error.details.path).toBe(stray);
  rmSync(stray);
  expect((await openStore(directory)).queue('T', 0).maxOffset).toBe(40);
});

test('files that are no log of these sizes are FORMAT_MISMATCH, and nothing is touched', async () => {
  const misplaced = await closedStore();
  writeFileSync(join(misplaced, 'commitlog', '00000000000000016385'), Buffer.alloc(16384));
  await refusedUntouched(misplaced, { code: 'FORMAT_MISMATCH', says: '00000000000000016385' });
  const long = await closedStore();
  truncateSync(join(long, 'commitlog', '00000000000000016384'), 20_000);
  await refusedUntouched(long, { code: 'FORMAT_MISMATCH', says: '00000000000000016384' });
});

test('a file in the middle that was cut short is CORRUPTION, and nothing is touched', async () => {
  const directory = await closedStore();
  const path = join(directory, 'commitlog', '00000000000000016384');
  truncateSync(path, 8192);
  const error = await refusedUntouched(directory, { code: 'CORRUPTION', says: path });
  expect(error.details).toMatchObject({ path, position: 16384 });
});

test('damaged topics refuse the open only when their copy is damaged too', async () => {
  const directory = await closedStore();
  const path = join(directory, 'config', 'topics.json');
  const good = readFileSync(path);
  writeFileSync(path, '{"topicConfigTable":');
  writeFileSync(`${path}.bak`, '');
  const error = await refusedUntouched(directory, { code: 'CORRUPTION', says: 'topics.json' });
  expect(error.details.path).toBe(path);

  writeFileSync(`${path}.bak`, good);
  const warnings: unknown[] = [];
  const logger = { ...console, warn: (text: unknown) => warnings.push(text) };
  const store = await openStore(directory, { logger });
  expect(store.topics().map(({ name }) => name)).toEqual(['T']);
  expect(String(warnings)).toContain('.bak');
});

test('a path that is a file, or leads through one, is IO_ERROR with the path', async () => {
  const directory = storeFolder();
  writeFileSync(directory, 'a file');
  for (const path of [directory, join(directory, 'below')]) {
    for (const options of [undefined, { readOnly: true }]) {
      const error = await expectRejected(MessageStore.open(path, options), { code: 'IO_ERROR', says: directory });
      expect(error.details.errno).toBe('ENOTDIR');
    }
  }
  expect(readFileSync(directory, 'utf8')).toBe('a file');
});

test('a directory that the kernel lets nobody write is IO_ERROR with the path', async () => {
  const error = await expectRejected(MessageStore.open('/proc/self/store'), { code: 'IO_ERROR', says: '/proc/self/store' });
  expect(error.details.path).toContain('/proc/self/store');
  expect(error.details.errno).toMatch(/^E/);
});

test('parts of a store that are not what they should be are IO_ERROR, not a crash', async () => {
  const file = storeFolder();
  mkdirSync(file);
  mkdirSync(join(file, 'commitlog'));
  writeFileSync(join(file, 'consumequeue'), 'a file');
  await expectRejected(MessageStore.open(file), { code: 'IO_ERROR', says: 'consumequeue' });
  const folder = await closedStore();
  rmSync(join(folder, 'lock'));
  mkdirSync(join(folder, 'lock'));
  await expectRejected(MessageStore.open(folder), { code: 'IO_ERROR', says: 'lock' });
});

test('an open that was aborted before it began touches nothing', async () => {
  const directory = storeFolder();
  const reason = new Error('changed my mind');
  const error = await expectRejected(MessageStore.open(directory, { signal: AbortSignal.abort(reason) }), { code: 'ABORTED' });
  expect(error.cause).toBe(reason);
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(dirname(directory))).toBe(true);
});

test('an open that is aborted in the turn of its call gives up, and the next one recovers', async () => {
  const directory = await closedStore();
  const controller = new AbortController();
  const opening = MessageStore.open(directory, { signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  const error = await expectRejected(opening, { code: 'ABORTED', says: 'open' });
  expect(error.cause).toBe(reason);
  expect((await openStore(directory)).queue('T', 0).maxOffset).toBe(40);
});

test('an open that is aborted while it recovers gives up, and the next one goes on', async () => {
  const directory = storeFolder();
  const writer = await openStore(directory, { flush: 'async', commitLog: { fileBytes: 1024 * 1024 } });
  const batch = Array.from({ length: 60 }, (_, n) => ({ topic: 'T', body: Buffer.alloc(16_000, n) }));
  for (let n = 0; n < 60; n++) await writer.appendBatch(batch);
  await writer.close();
  // A progress report reaches this thread while recovery goes on: on a busy machine it may come too late, so there is a second try.
  let error: unknown;
  for (let attempt = 0; attempt < 5 && error === undefined; attempt++) {
    // As if another program had written it, and been killed.
    writeFileSync(join(directory, 'abort'), '');
    rmSync(join(directory, 'millrace'), { recursive: true });
    rmSync(join(directory, 'consumequeue'), { recursive: true });
    const controller = new AbortController();
    const onRecoveryProgress = (): void => controller.abort();
    error = await MessageStore.open(directory, { signal: controller.signal, onRecoveryProgress }).then(
      (store) => store.close(),
      (refused: unknown) => refused,
    );
  }
  expect(error).toMatchObject({ code: 'ABORTED', stored: 'no', retriable: false });
  const store = await openStore(directory);
  expect(store.queue('T', 0).maxOffset).toBe(3600);
});

test('a signal that is aborted after the open changes nothing', async () => {
  const controller = new AbortController();
  const store = await openStore(storeFolder(), { signal: controller.signal });
  controller.abort();
  expect((await store.append({ topic: 'T', body: 'x' })).offset).toBe(0);
  expectThrown(() => store.queue('T', 5), { code: 'UNKNOWN_QUEUE' });
});

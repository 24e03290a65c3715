/** How transfers end when they do not go well: aborted, without a peer, with a store that closes, over damage; and what is left then. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { MessageStore, StoreOptions, TransferOptions } from '../ts/index.js';
import { forcedPath } from '../ts/transferoptions.js';
import { rejectionOf } from './failure.js';
import { flipBit } from './flipbit.js';
import { allOf, next, type Pair, socketPair, turn } from './sockets.js';
import { openStore, storeFolder } from './storefolder.js';

const fileBytes = 4 << 20;
const options: StoreOptions = { commitLog: { fileBytes }, flush: 'async' };
const everything: TransferOptions = { maxMessages: 100_000, maxBytes: 1 << 30 };
const paths = ['sendfile', 'writev', 'copy'] as const;

function by(path: (typeof paths)[number], more: TransferOptions = {}): TransferOptions {
  return { ...everything, ...more, [forcedPath]: path } as TransferOptions;
}

/** More than any socket buffers take. */
async function filled(directory = storeFolder()): Promise<MessageStore> {
  const store = await openStore(directory, options);
  for (let i = 0; i < 20; i++)
    await store.appendBatch(Array.from({ length: 100 }, (_, k) => ({ topic: 'T', body: Buffer.alloc(10_000, i + k) })));
  return store;
}

/** Descriptors of sockets and pipes that this process has. */
function sockets(): number {
  return readdirSync('/proc/self/fd').length;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Resolves when some of a transfer that cannot end has arrived. */
async function begun({ far }: Pair): Promise<void> {
  await next(far, 1000);
}

test.each(paths)('aborted before its turn a transfer by %s leaves the socket as it was', async (path) => {
  const store = await filled();
  const { near, far } = await socketPair();
  const arrived = allOf(far);
  far.pause();
  const block = Buffer.alloc(8 << 20, 'b');
  near.write(block);
  const controller = new AbortController();
  let headers = 0;
  const header = (): Buffer => {
    headers++;
    return Buffer.from('h');
  };
  const waiting = rejectionOf(store.transfer(near, 'T', 0, 0, by(path, { signal: controller.signal, header })));
  near.write('behind');
  const reason = new Error('enough');
  controller.abort(reason);
  const error = await waiting;
  expect([error.code, error.stored, error.cause, headers]).toEqual(['ABORTED', 'no', reason, 0]);
  far.resume();
  near.end();
  const bytes = await arrived;
  expect(bytes.length).toBe(block.length + 6);
  expect(bytes.subarray(block.length).toString()).toBe('behind');
  const again = await rejectionOf(store.transfer(near, 'T', 0, 0, { signal: controller.signal }));
  expect(again.code).toBe('ABORTED');
});

test.each(paths)('aborted after its first byte a transfer by %s destroys the socket', async (path) => {
  const store = await filled();
  const pair = await socketPair();
  const controller = new AbortController();
  const sending = rejectionOf(store.transfer(pair.near, 'T', 0, 0, by(path, { signal: controller.signal })));
  await begun(pair);
  controller.abort();
  expect((await sending).code).toBe('ABORTED');
  expect(pair.near.destroyed).toBe(true);
  // It is gone for the peer too: no duplicate of its descriptor is left.
  pair.far.resume();
  await once(pair.far, 'close');
});

test.each(paths)('aborted in its turn, before its first byte, a transfer by %s lets later writes go on', async (path) => {
  const store = await filled();
  const { near, far } = await socketPair();
  const controller = new AbortController();
  const header = (): Buffer => {
    near.write('behind');
    controller.abort();
    return Buffer.from('h');
  };
  const error = await rejectionOf(store.transfer(near, 'T', 0, 0, by(path, { signal: controller.signal, header })));
  expect([error.code, near.destroyed]).toEqual(['ABORTED', false]);
  near.end();
  expect((await allOf(far)).toString()).toBe('behind');
});

test.each(paths)('a peer that resets ends a transfer by %s with IO_ERROR', async (path) => {
  const store = await filled();
  const pair = await socketPair();
  const sending = rejectionOf(store.transfer(pair.near, 'T', 0, 0, by(path)));
  await begun(pair);
  pair.far.resetAndDestroy();
  const error = await sending;
  expect(error.code).toBe('IO_ERROR');
  expect(['ECONNRESET', 'EPIPE']).toContain(error.details.errno);
  expect(pair.near.destroyed).toBe(true);
});

test.each(paths)('a socket that is destroyed on this side ends a transfer by %s', async (path) => {
  const store = await filled();
  const pair = await socketPair();
  const sending = rejectionOf(store.transfer(pair.near, 'T', 0, 0, by(path)));
  const queued = rejectionOf(store.transfer(pair.near, 'T', 0, 0, by(path)));
  await begun(pair);
  pair.near.destroy();
  expect([(await sending).code, (await queued).code]).toEqual(['IO_ERROR', 'IO_ERROR']);
  pair.far.resume();
  await once(pair.far, 'close');
});

test.each(paths)('a store that closes ends transfers by %s with NOT_OPEN', async (path) => {
  const store = await filled();
  const pair = await socketPair();
  const waiting = await socketPair();
  waiting.near.write(Buffer.alloc(8 << 20));
  const sending = rejectionOf(store.transfer(pair.near, 'T', 0, 0, by(path)));
  const queued = rejectionOf(store.transfer(waiting.near, 'T', 0, 0, by(path)));
  await begun(pair);
  await store.close();
  expect([(await sending).code, (await queued).code]).toEqual(['NOT_OPEN', 'NOT_OPEN']);
  expect([pair.near.destroyed, waiting.near.destroyed]).toEqual([true, false]);
  expect((await rejectionOf(store.transfer(waiting.near, 'T', 0, 0))).code).toBe('NOT_OPEN');
});

test('a stream that cannot take bytes is refused before anything is sent', async () => {
  const store = await filled();
  const ended = await socketPair();
  ended.near.end();
  const destroyed = await socketPair();
  destroyed.near.destroy();
  for (const socket of [ended.near, destroyed.near]) {
    const error = await rejectionOf(store.transfer(socket, 'T', 0, 0));
    expect([error.code, error.details.errno]).toEqual(['IO_ERROR', 'EPIPE']);
  }
  for (const socket of [undefined, null, 5, {}, new Duplex({ objectMode: true })]) {
    expect((await rejectionOf(store.transfer(socket as never, 'T', 0, 0))).code).toBe('INVALID_ARGUMENT');
  }
  const { near } = await socketPair();
  for (const wrong of [{ header: 5 }, { signal: 5 }, { unknown: 1 }, { maxBytes: 0 }, 5, null]) {
    expect((await rejectionOf(store.transfer(near, 'T', 0, 0, wrong as never))).code).toBe('INVALID_ARGUMENT');
  }
  expect((await rejectionOf(store.transfer(near, 'T', 0, -1))).code).toBe('INVALID_ARGUMENT');
});

test('over a socket of the file system, a stream in memory and one that only takes lists, bytes are copied in order', async () => {
  const store = await filled();
  const raw = (await store.readRaw('T', 0, 0, everything)).bytes;
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { near, far } = await socketPair(folder);
  const through = new PassThrough();
  const lists: Buffer[] = [];
  const list = new Duplex({
    read() {},
    writev: (chunks, done) => {
      for (const { chunk } of chunks) lists.push(chunk);
      setImmediate(done);
    },
  });
  for (const stream of [near, through, list] as const) {
    stream.write('a');
    stream.write('b');
    const first = store.transfer(stream, 'T', 0, 0, everything);
    stream.write('c');
    stream.write('d');
    const second = store.transfer(stream, 'T', 0, 0, { maxMessages: 1, header: () => Buffer.from('h') });
    stream.end('e');
    const arrived = stream === near ? allOf(far) : stream === through ? allOf(through) : once(list, 'finish');
    expect([(await first).path, (await second).path]).toEqual(['copy', 'copy']);
    await arrived;
    const bytes = stream === list ? Buffer.concat(lists) : ((await arrived) as Buffer);
    const one = raw.subarray(0, raw.readInt32BE(0));
    expect(Buffer.concat([Buffer.from('ab'), raw, Buffer.from('cdh'), one, Buffer.from('e')]).equals(bytes)).toBe(true);
  }
});

test('damage is stepped over and told, and never sent', async () => {
  const directory = storeFolder();
  const store = await filled(directory);
  const { messages } = await store.read('T', 0, 0, { maxMessages: 100, maxBytes: 1 << 30 });
  await store.close();
  for (const at of [7, 8, 40]) flipBit(directory, fileBytes, (messages[at]?.position ?? 0) + 200);
  for (const path of paths) {
    const again = await openStore(directory, options);
    const { near, far } = await socketPair();
    const arrived = allOf(far);
    const result = await again.transfer(near, 'T', 0, 0, by(path));
    near.end();
    const bytes = await arrived;
    const raw = await again.readRaw('T', 0, 0, everything);
    expect(raw.bytes.equals(bytes)).toBe(true);
    expect(result.messages).toBe(1997);
    expect(result.lost.map(({ fromOffset, toOffset }) => [fromOffset, toOffset])).toEqual([
      [7, 9],
      [40, 41],
    ]);
    expect(result.lost).toEqual(raw.lost);
    await again.close();
  }
});

test('ten thousand short transfers leave no descriptor and no memory behind', async () => {
  const store = await filled();
  const { near, far } = await socketPair();
  let arrived = 0;
  far.on('data', (part: Buffer) => {
    arrived += part.length;
  });
  const some = async (count: number): Promise<number> => {
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const path = (['sendfile', 'writev', 'copy', undefined] as const)[i % 4];
      const limits = { maxMessages: 1 + (i % 8), header: () => Buffer.from('head') };
      const result = await store.transfer(near, 'T', 0, i % 1900, path === undefined ? limits : by(path, limits));
      bytes += result.bytes + 4;
    }
    return bytes;
  };
  let sent = await some(1000);
  const before = { descriptors: sockets(), memory: process.memoryUsage().rss };
  sent += await some(9000);
  await until(() => arrived === sent);
  expect(sockets()).toBe(before.descriptors);
  expect(process.memoryUsage().rss - before.memory).toBeLessThan(64 << 20);
});

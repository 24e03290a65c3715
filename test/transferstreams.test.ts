/** Transfers to streams of every kind: encrypted, not connected yet, watched by somebody, read a byte at a time; and from threads that end. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect as connectPlain, createServer as createPlain, Socket } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { MessageStore, TransferOptions } from '../ts/index.js';
import { allOf, next, socketPair, turn } from './sockets.js';
import { openStore, storeFolder } from './storefolder.js';

const everything: TransferOptions = { maxMessages: 100_000, maxBytes: 1 << 30 };

async function filled(count = 300, directory = storeFolder()): Promise<MessageStore> {
  const store = await openStore(directory, { commitLog: { fileBytes: 4 << 20 }, flush: 'async' });
  for (let i = 0; i < count; i += 100)
    await store.appendBatch(Array.from({ length: 100 }, (_, k) => ({ topic: 'T', body: Buffer.alloc(9000, i + k) })));
  return store;
}

/** Both ends of a connection that a key known to both encrypts. */
async function encryptedPair(): Promise<{ near: TLSSocket; far: TLSSocket }> {
  const psk = Buffer.alloc(32, 7);
  const common = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
  const server = createServer({ ...common, pskCallback: () => psk });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pskCallback = (): { psk: Buffer; identity: string } => ({ psk, identity: 'test' });
  const far = connect({ ...common, port, host: '127.0.0.1', pskCallback, checkServerIdentity: () => undefined });
  const [[near]] = (await Promise.all([once(server, 'secureConnection'), once(far, 'secureConnect')])) as [[TLSSocket], unknown];
  server.close();
  onTestFinished(() => {
    near.destroy();
    far.destroy();
  });
  return { near, far };
}

test('over TLS everything is copied, encrypted and in order', async () => {
  const store = await filled();
  const raw = (await store.readRaw('T', 0, 0, everything)).bytes;
  const { near, far } = await encryptedPair();
  const arrived = allOf(far);
  near.write('before');
  const sending = store.transfer(near, 'T', 0, 0, { ...everything, header: () => Buffer.from('header') });
  near.end('behind');
  expect((await sending).path).toBe('copy');
  expect(Buffer.concat([Buffer.from('beforeheader'), raw, Buffer.from('behind')]).equals(await arrived)).toBe(true);
});

test('a socket that is still connecting is waited for', async () => {
  const store = await filled();
  const raw = (await store.readRaw('T', 0, 0, everything)).bytes;
  const server = createPlain();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  for (const before of ['', 'before']) {
    const near = connectPlain((server.address() as AddressInfo).port, '127.0.0.1');
    if (before !== '') near.write(before);
    const sending = store.transfer(near, 'T', 0, 0, everything);
    near.end('behind');
    const [far] = (await once(server, 'connection')) as [Socket];
    expect(Buffer.concat([Buffer.from(before), raw, Buffer.from('behind')]).equals(await allOf(far))).toBe(true);
    expect((await sending).path).toBe('sendfile');
  }
  server.close();
});

test('one that never connects is told, and is not waited for', async () => {
  const store = await filled();
  const server = createPlain();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const near = connectPlain(port, '127.0.0.1');
  near.on('error', () => undefined);
  await expect(store.transfer(near, 'T', 0, 0, everything)).rejects.toMatchObject({ code: 'IO_ERROR' });
});

test('who watches the writes of a socket sees the bytes', async () => {
  const store = await filled();
  const raw = (await store.readRaw('T', 0, 0, everything)).bytes;
  const { near, far } = await socketPair();
  let watched = 0;
  near._write = function (this: Socket, chunk: Buffer, encoding, done) {
    watched += chunk.length;
    Socket.prototype._write.call(this, chunk, encoding, done);
  };
  const own = near._write;
  const arrived = allOf(far);
  expect((await store.transfer(near, 'T', 0, 0, everything)).path).toBe('copy');
  expect(near._write).toBe(own);
  near.end();
  expect(raw.equals(await arrived)).toBe(true);
  expect(watched).toBe(raw.length);
});

test('a reader that takes a byte at a time gets every byte', async () => {
  const store = await filled(100);
  const { bytes } = await store.readRaw('T', 0, 0, { maxMessages: 30 });
  const { near, far } = await socketPair();
  const sending = store.transfer(near, 'T', 0, 0, { maxMessages: 30 });
  const arrived = Buffer.alloc(bytes.length);
  for (let i = 0; i < arrived.length; i++) arrived[i] = (far.read(1) ?? (await next(far, 1)))[0] as number;
  expect(bytes.equals(arrived)).toBe(true);
  await sending;
});

test('a thread that is terminated in the middle of transfers takes nothing with it', async () => {
  const directory = storeFolder();
  await filled(1000, directory);
  const server = createPlain((peer) => peer.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const descriptors = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(new URL('./children/transfer-worker.mjs', import.meta.url), {
      workerData: { directory, port: (server.address() as AddressInfo).port },
    });
    while ((await once(worker, 'message'))[0] < round) await turn();
    await worker.terminate();
  }
  while (readdirSync('/proc/self/fd').length > descriptors) await turn();
  server.close();
});

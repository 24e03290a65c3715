/**
 * Node's write stream: one file, messages as frames.ts lays them out, one `write` a message. While one write is under way the stream
 * gathers the next ones and passes them on together (`writev`), which is why it can be faster than calls that return when they are done.
 *
 * An append is acknowledged when the callback of its write was called. A stream cannot wait for the device (its option `flush` is for
 * the end), so there is no sync.
 */
import { closeSync, createReadStream, createWriteStream, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { headerBytes, putFrame, readFrames, takeFrames } from './frames.js';
import type { Feed, Kind, PeerStore, Setup } from './store.js';

const highWaterMark = 256 * 1024;

export const stream: Kind = {
  peer: 'fs-stream',
  version: process.version,
  configuration:
    'one file of length, CRC-32 and body through a write stream, highWaterMark 256 KiB, a write a message; batch: the same, corked; ' +
    'read: a read stream, checksums verified; open: the whole file is read',
  refuses: ({ queues, hasKeys, durability }) => {
    if (hasKeys) return 'a file has no index of keys';
    if (durability === 'sync') return 'a stream cannot wait for the device';
    return queues > 1 ? 'a file is one queue' : undefined;
  },
  open: makeStore,
};

async function makeStore(setup: Setup): Promise<PeerStore> {
  const path = join(setup.directory, 'log');
  const { end, count } = await findEnd(path);
  const output = createWriteStream(path, { flags: 'r+', start: end, highWaterMark });
  let messages = count;
  let failed: Error | undefined;
  output.on('error', (error) => {
    failed = error;
  });
  const put = (feed: Feed, done?: (error?: Error | null) => void): void => {
    const frame = Buffer.allocUnsafe(headerBytes + feed.body.length);
    putFrame(frame, 0, feed.body);
    output.write(frame, done);
    messages++;
  };
  /** Fulfilled when everything so far was written: callbacks are called in the order of the writes. */
  const written = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failed !== undefined) reject(failed);
      output.write('', (error) => (error ? reject(error) : resolve()));
    });
  return {
    each: { kind: 'group', begin: () => {}, put, commit: written },
    bestBatch: Math.floor(highWaterMark / (setup.bodyBytes + headerBytes)) || 1,
    batch: (feed, size) => {
      output.cork();
      for (let i = 0; i < size; i++) {
        feed.advance();
        put(feed);
      }
      const done = written();
      output.uncork();
      return done;
    },
    tellsSize: true,
    read: async (take) => {
      let rest: Buffer = Buffer.alloc(0);
      for await (const chunk of createReadStream(path, { highWaterMark }) as AsyncIterable<Buffer>) {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        const at = takeFrames(bytes, take);
        if (at < 0) return;
        rest = bytes.subarray(at);
      }
    },
    count: async () => messages,
    close: () => new Promise((resolve, reject) => output.end((error?: Error | null) => (error ? reject(error) : resolve()))),
  };
}

async function findEnd(path: string): Promise<{ end: number; count: number }> {
  await (await open(path, 'a')).close();
  const file = openSync(path, 'r');
  try {
    let count = 0;
    return { end: readFrames(file, () => ++count > 0), count };
  } finally {
    closeSync(file);
  }
}

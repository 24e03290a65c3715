/**
 * Node's own `fs`, called synchronously: one file, messages as frames.ts lays them out. What someone has who writes a log by hand in
 * an afternoon: no queues, no keys, no way to a message but from the begin.
 *
 * One call a message is one `writeSync`; a batch is gathered in a buffer of 256 KiB, which is one `writeSync`. Sync: into a file that was
 * filled with zeros before, so that `fdatasyncSync` has no metadata to write; what goes beyond its end grows it. A failed or a short
 * write ends the process: nothing here repairs anything.
 */
import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { headerBytes, putFrame, readFrames } from './frames.js';
import type { Feed, Kind, PeerStore, Setup } from './store.js';

const bufferBytes = 256 * 1024;
const mostZeros = 512 * 2 ** 20;

export const files: Kind = {
  peer: 'fs',
  version: process.version,
  configuration:
    'one file of length, CRC-32 and body; each: a writeSync a message; batch: a writeSync of 256 KiB; sync: into a zeroed file, one ' +
    'fdatasyncSync for all that wait; read: readSync of 256 KiB, checksums verified; open: the whole file is read',
  refuses: ({ queues, hasKeys }) => {
    if (hasKeys) return 'a file has no index of keys';
    return queues > 1 ? 'a file is one queue' : undefined;
  },
  open: async (setup) => makeStore(setup),
};

function makeStore(setup: Setup): PeerStore {
  const isSync = setup.durability === 'sync';
  const file = openSync(join(setup.directory, 'log'), constants.O_RDWR | constants.O_CREAT);
  let count = 0;
  let position = readFrames(file, () => ++count > 0);
  if (isSync) fillWithZeros(file, position, Math.min(mostZeros, setup.mostBytes * (1 + headerBytes / setup.bodyBytes)));
  const buffer = Buffer.allocUnsafeSlow(Math.max(bufferBytes, headerBytes + setup.bodyBytes));
  let used = 0;
  const write = (): void => {
    const bytes = writeSync(file, buffer, 0, used, position);
    if (bytes !== used) throw new Error(`${bytes} bytes of ${used} were written`);
    position += used;
    used = 0;
  };
  const add = (feed: Feed): void => {
    if (used + headerBytes + feed.body.length > buffer.length) write();
    used = putFrame(buffer, used, feed.body);
    count++;
  };
  return {
    each: {
      kind: 'group',
      begin: () => {},
      put: (feed) => {
        add(feed);
        write();
      },
      commit: () => {
        if (isSync) fdatasyncSync(file);
        return undefined;
      },
    },
    bestBatch: Math.max(1, Math.floor(bufferBytes / (setup.bodyBytes + headerBytes))),
    batch: (feed, size) => {
      for (let i = 0; i < size; i++) {
        feed.advance();
        add(feed);
      }
      write();
      if (isSync) fdatasyncSync(file);
      return undefined;
    },
    tellsSize: !isSync,
    read: async (take) => {
      readFrames(file, take);
    },
    count: async () => count,
    close: async () => closeSync(file),
  };
}

function fillWithZeros(file: number, from: number, bytes: number): void {
  const zeros = Buffer.alloc(2 ** 20);
  for (let at = from; at < from + bytes; at += zeros.length) writeSync(file, zeros, 0, zeros.length, at);
  fsyncSync(file);
}

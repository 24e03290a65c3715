/**
 * How one keeps messages in a plain file: length, CRC-32 of the body, body; both numbers of 4 bytes, little-endian. The log ends where
 * no whole message stands: at zeros, at the end of the file, or where a body is not what its checksum says.
 */
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

export const headerBytes = 8;

/** Puts the frame of a body at `at`, where there is room for it, and returns where it ends. */
export function putFrame(to: Buffer, at: number, body: Uint8Array): number {
  to.writeUInt32LE(body.length, at);
  to.writeUInt32LE(crc32(body), at + 4);
  to.set(body, at + headerBytes);
  return at + headerBytes + body.length;
}

/** Gives each whole body at the begin of `bytes`, a view, and returns where the first that is not whole begins, or -1 when told to stop. */
export function takeFrames(bytes: Buffer, take: (body: Buffer) => boolean): number {
  let at = 0;
  while (at + headerBytes <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const end = at + headerBytes + length;
    if (length === 0 || end > bytes.length) return at;
    const body = bytes.subarray(at + headerBytes, end);
    if (crc32(body) !== bytes.readUInt32LE(at + 4)) return at;
    if (!take(body)) return -1;
    at = end;
  }
  return at;
}

const chunkBytes = 256 * 1024;

/** Reads a file from its begin, in pieces of memory that are the bodies' own from then on; returns where the log ends. */
export function readFrames(file: number, take: (body: Buffer) => boolean): number {
  let position = 0;
  let room = chunkBytes;
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(room);
    const bytes = chunk.subarray(0, readSync(file, chunk, 0, room, position));
    const end = takeFrames(bytes, take);
    if (end < 0) return position;
    if (end > 0) room = chunkBytes;
    else if (bytes.length < headerBytes || bytes.readUInt32LE(0) + headerBytes <= bytes.length) return position;
    // One message that is longer than the piece, if the file has so much.
    else if (bytes.length < room) return position;
    else room = bytes.readUInt32LE(0) + headerBytes;
    position += end;
  }
}

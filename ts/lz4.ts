/**
 * LZ4 frames: made, measured and undone through `lz4-napi`, which is loaded when the first frame is asked for and not before.
 *
 * Promises that a frame is undone only if its structure is whole (one frame, its end mark, nothing behind it: the package itself would take a
 * frame without an end and ignore what follows one) and only after what it makes was found to fit: no byte is allocated on the word of
 * a frame. It does not promise that damage is noticed: frames carry no checksum here, the record around them does.
 * The format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md beside it.
 */
import { createRequire } from 'node:module';
import { storeError } from './errors.js';

const magic = 0x184d2204;
const version = 0x40;
const versionMask = 0xc0;
const hasBlockChecksums = 0x10;
const hasContentSize = 0x08;
const hasContentChecksum = 0x04;
const hasDictionary = 0x01;
const blockIsPlain = 0x8000_0000;
/** Beside a match's length of up to 14 in its token. */
const shortestMatch = 4;

/** What is used of the package. Its declarations ask for a Buffer; any bytes do. */
interface Lz4 {
  compressFrameSync(bytes: Uint8Array): Buffer;
  decompressFrameSync(frame: Uint8Array): Buffer;
}

let loaded: Lz4 | undefined;

/** Loads the package, once. Errors: NATIVE_MISSING. */
export function loadLz4(): Lz4 {
  try {
    // By require: whoever asks for a body cannot wait for an import.
    loaded ??= createRequire(import.meta.url)('lz4-napi') as Lz4;
    return loaded;
  } catch (cause) {
    throw storeError(
      'NATIVE_MISSING',
      `The package lz4-napi, which makes and undoes LZ4 bodies, could not be loaded on ${process.platform}-${process.arch}: ` +
        `${reasonOf(cause)}. Install the dependencies of millrace again, optional ones included.`,
      { cause },
    );
  }
}

/** One frame of independent blocks, without checksums: what RocketMQ's client reads. */
export function compressFrame(bytes: Uint8Array): Buffer {
  return loadLz4().compressFrameSync(bytes);
}

/** Throws an Error that says what is wrong with the frame; NATIVE_MISSING. */
export function decompressFrame(frame: Buffer): Buffer {
  return loadLz4().decompressFrameSync(frame);
}

/** How many bytes a frame makes, or `max + 1` as soon as there are more. Throws an Error that says what is wrong with its structure. */
export function contentBytes(frame: Buffer, max: number): number {
  const { blocksAt, blockTail, frameTail } = parseHeader(frame);
  let bytes = 0;
  for (let at = blocksAt; ; ) {
    if (at + 4 > frame.length) throw new Error('the frame has no end');
    const word = frame.readUInt32LE(at);
    at += 4;
    if (word === 0) {
      if (at + frameTail !== frame.length) throw new Error('the frame does not end where the body ends');
      return bytes;
    }
    const end = at + (word % blockIsPlain);
    if (end + blockTail > frame.length) throw new Error('a block reaches past the end of the body');
    bytes += word >= blockIsPlain ? end - at : blockContentBytes(frame, at, end);
    if (bytes > max) return max + 1;
    at = end + blockTail;
  }
}

interface FrameHeader {
  readonly blocksAt: number;
  /** Bytes of the checksums behind each block and behind the end mark. */
  readonly blockTail: number;
  readonly frameTail: number;
}

function parseHeader(frame: Buffer): FrameHeader {
  if (frame.length < 7 || frame.readUInt32LE(0) !== magic) throw new Error('it does not begin as an LZ4 frame');
  const flags = frame.readUInt8(4);
  if ((flags & versionMask) !== version) throw new Error('the frame is of another version');
  if ((flags & hasDictionary) !== 0) throw new Error('the frame needs a dictionary');
  return {
    blocksAt: (flags & hasContentSize) === 0 ? 7 : 15,
    blockTail: (flags & hasBlockChecksums) === 0 ? 0 : 4,
    frameTail: (flags & hasContentChecksum) === 0 ? 0 : 4,
  };
}

/** The lengths of all sequences of one block: literals are copied, matches repeat what was made before. */
function blockContentBytes(frame: Buffer, from: number, end: number): number {
  let bytes = 0;
  for (let at = from; at < end; ) {
    const token = frame[at++] as number;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      for (; more === 255 && at < end; literals += more) more = frame[at++] as number;
    }
    at += literals;
    bytes += literals;
    if (at >= end) break; // the last sequence has no match
    at += 2;
    let match = token & 15;
    if (match === 15) {
      let more = 255;
      for (; more === 255 && at < end; match += more) more = frame[at++] as number;
    }
    bytes += match + shortestMatch;
  }
  return bytes;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
}

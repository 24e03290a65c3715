/**
 * Frames: what travels on a connection, in both directions.
 *
 * `length i32` counts what follows it: `mark i32` (how the header is written, in the first byte, and the bytes of the header), the header,
 * and the body, which is the rest. A frame that is longer than `maxFrameBytes`, or that contradicts itself, throws: where the next one would
 * begin is unknown then.
 */
import { decodeHeader, encodeHeader, type Header, type Serialization } from './header.js';

/** The longest frame that RocketMQ's own servers and clients take. */
export const maxFrameBytes = 16 * 1024 * 1024;

export interface Frame {
  readonly header: Header;
  readonly serialization: Serialization;
  /** A view of what was received: copy what is to stay. */
  readonly body: Buffer;
}

/** Everything of a frame but its body, of which only the length is known yet. */
export function encodeFrameHead(header: Header, how: Serialization, bodyBytes: number): Buffer {
  const encoded = encodeHeader(header, how);
  const head = Buffer.allocUnsafe(8);
  head.writeInt32BE(4 + encoded.length + bodyBytes, 0);
  head.writeInt32BE((how << 24) | encoded.length, 4);
  return Buffer.concat([head, encoded]);
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needed = 4;

  /** The frames that `chunk` completes. */
  *push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= this.#needed) {
      // Joined when the length is there and when the frame is, never once for each chunk.
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const length = bytes.readInt32BE(0);
      if (length < 4 || length > maxFrameBytes) throw new Error(`A frame of ${length} bytes`);
      const end = 4 + length;
      if (bytes.length < end) return this.#keep(bytes, end);
      this.#keep(bytes.subarray(end), 4);
      yield decodeFrame(bytes.subarray(4, end));
    }
  }

  /** Goes on with `rest` once that many bytes are there. */
  #keep(rest: Buffer, needed: number): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    this.#needed = needed;
  }
}

function decodeFrame(bytes: Buffer): Frame {
  const mark = bytes.readInt32BE(0);
  const how = mark >>> 24;
  const headerEnd = 4 + (mark & 0xffffff);
  if (headerEnd > bytes.length) throw new Error('A header longer than its frame');
  return {
    header: decodeHeader(bytes.subarray(4, headerEnd), how),
    serialization: how as Serialization,
    body: bytes.subarray(headerEnd),
  };
}

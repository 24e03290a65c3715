/**
 * Compression of bodies on their way into the store (option `compression`), and the bits of sysFlag that say how a body was compressed.
 *
 * A body becomes an LZ4 frame, as RocketMQ's client makes and reads it, if it is long enough and that saves an eighth; else it is stored as
 * it was given. So is one that its producer compressed already (0x1). Takes the event loop, some milliseconds for each MiB. ts/decompression.ts is the way back.
 * Bits: docs/format.md, "sysFlag".
 */
import { compressFrame, loadLz4 } from './lz4.js';

/** The body is compressed. */
export const bodyCompressed = 0x1;
/** How, where the body is compressed. */
export const compressionMask = 0x700;
/** From clients that knew nothing but zlib. */
export const legacyZlibType = 0;
export const lz4Type = 0x100;
export const zstdType = 0x200;
export const zlibType = 0x300;

/** Bodies that are shorter seldom save as much as they cost. */
export const defaultMinBytes = 4096;

/** A body as it is stored, and its sysFlag. */
export interface Packed {
  readonly body: Uint8Array;
  readonly sysFlag: number;
}

export class Compressor {
  readonly #minBytes: number;

  /** Errors: NATIVE_MISSING. */
  constructor(minBytes: number) {
    this.#minBytes = minBytes;
    loadLz4();
  }

  /** Undefined when the body is to be stored as it is. */
  pack(body: Uint8Array, sysFlag: number): Packed | undefined {
    if (body.length < this.#minBytes || (sysFlag & bodyCompressed) !== 0) return undefined;
    const frame = compressFrame(body);
    if (!savesAnEighth(frame.length, body.length)) return undefined;
    return { body: frame, sysFlag: (sysFlag & ~compressionMask) | bodyCompressed | lz4Type };
  }
}

function savesAnEighth(bytes: number, plainBytes: number): boolean {
  return 8 * bytes <= 7 * plainBytes;
}

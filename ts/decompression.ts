/**
 * The way back from a stored body to the one that its producer gave: LZ4 frames, zlib, and Zstandard where this Node has it.
 *
 * A few hundred bytes can claim to be gigabytes, so nothing is made that is longer than the caller allows: an LZ4 frame is measured first, the
 * two of node:zlib stop at the limit. Records were verified before, so a body that cannot be undone was stored like that; the error says so and
 * leaves the stored form to toMessage() and raw. Bits: docs/format.md, "sysFlag".
 */
import * as zlib from 'node:zlib';
import { bodyCompressed, compressionMask, legacyZlibType, lz4Type, zlibType, zstdType } from './compression.js';
import { StoreError, type StoreErrorCode, storeError } from './errors.js';
import { contentBytes, decompressFrame } from './lz4.js';

/** A decoder of Zstandard keeps a window; each should take one of 8 MiB (RFC 8878), which is more than short bodies make. */
const leastWindowLog = 23;

/** What newer versions of node:zlib have. */
interface Zstd {
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number; params: Record<number, number> }) => Buffer;
  readonly constants: { readonly ZSTD_d_windowLogMax?: number };
}

/** Why a body stays as it is stored, as the end of a sentence that begins with the body. */
class Refusal extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, what: string) {
    super(what);
    this.code = code;
  }
}

/** The body that was given, of the message at `position`. Errors: CORRUPTION, MESSAGE_TOO_LARGE (it needs more than `maxBytes`), UNSUPPORTED, NATIVE_MISSING. */
export function decompressedBody(stored: Buffer, sysFlag: number, maxBytes: number, position: number): Buffer {
  // RocketMQ leaves a body without bytes as it is, whatever the bits say.
  if ((sysFlag & bodyCompressed) === 0 || stored.length === 0) return stored;
  try {
    return decompress(stored, sysFlag & compressionMask, maxBytes);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const { code, message, cause } = refusal(error, sysFlag, maxBytes);
    throw storeError(
      code,
      `The body of the message at position ${position} ${message} Its stored form is in toMessage() and raw.`,
      {
        details: { position },
        ...(cause === undefined ? undefined : { cause }),
      },
    );
  }
}

function decompress(stored: Buffer, type: number, maxBytes: number): Buffer {
  switch (type) {
    case lz4Type:
      if (contentBytes(stored, maxBytes) > maxBytes) throw tooLarge(maxBytes);
      return decompressFrame(stored);
    case zlibType:
    case legacyZlibType:
      return zlib.inflateSync(stored, { maxOutputLength: maxBytes });
    case zstdType:
      return decompressZstd(stored, maxBytes);
    default:
      throw new Refusal('UNSUPPORTED', `is compressed in a way (0x${type.toString(16)}) that this version does not know.`);
  }
}

function decompressZstd(stored: Buffer, maxBytes: number): Buffer {
  const { zstdDecompressSync, constants } = zlib as Zstd;
  if (zstdDecompressSync === undefined || constants.ZSTD_d_windowLogMax === undefined) {
    throw new Refusal('UNSUPPORTED', 'is Zstandard, which this Node cannot decompress: use Node 22.15 or later.');
  }
  const windowLog = Math.max(leastWindowLog, Math.ceil(Math.log2(maxBytes)));
  return zstdDecompressSync(stored, { maxOutputLength: maxBytes, params: { [constants.ZSTD_d_windowLogMax]: windowLog } });
}

function refusal(error: unknown, sysFlag: number, maxBytes: number): Refusal {
  if (error instanceof Refusal) return error;
  const { code, message } = error as Error & { code?: unknown };
  if (code === 'ERR_BUFFER_TOO_LARGE' || code === 'ZSTD_error_frameParameter_windowTooLarge') return tooLarge(maxBytes);
  const flags = `0x${sysFlag.toString(16)}`;
  const refused = new Refusal('CORRUPTION', `is marked as compressed (sysFlag ${flags}) and cannot be decompressed: ${message}.`);
  refused.cause = error;
  return refused;
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(
    'MESSAGE_TOO_LARGE',
    `needs more than ${maxBytes} bytes to be decompressed: raise commitLog.maxMessageBytes to read it.`,
  );
}

/**
 * The header of a frame, in its two spellings: a JSON object, or RocketMQ's own binary form.
 *
 * Both carry the same: a code, a number by which the client finds the answer to its question, flags, a remark for people, and named texts.
 * Decoding throws on anything that is not a header; who reads from a network closes the connection then.
 */

/** How a header is written: the first byte of a frame's mark. An answer is written as its question was. */
export const serialization = { json: 0, binary: 1 } as const;
export type Serialization = (typeof serialization)[keyof typeof serialization];

export interface Header {
  readonly code: number;
  /** The number of the question; its answer has the same. */
  readonly opaque: number;
  /** 1: this is an answer. 2: nobody waits for one. */
  readonly flag: number;
  readonly remark?: string | undefined;
  readonly fields: ReadonlyMap<string, string>;
}

/** What this broker says it is: clients ask for features by RocketMQ's version, here 5.5.0, and by language. */
const version = 513;
const language = { name: 'OTHER', number: 7 };

export function encodeHeader(header: Header, how: Serialization): Buffer {
  return how === serialization.json ? encodeJson(header) : encodeBinary(header);
}

export function decodeHeader(bytes: Buffer, how: number): Header {
  if (how === serialization.json) return decodeJson(bytes);
  if (how === serialization.binary) return decodeBinary(bytes);
  throw new Error(`A header of type ${how}`);
}

function encodeJson({ code, opaque, flag, remark, fields }: Header): Buffer {
  const extFields = Object.fromEntries(fields);
  const serializeTypeCurrentRPC = 'JSON';
  return Buffer.from(
    JSON.stringify({ code, language: language.name, version, opaque, flag, remark, extFields, serializeTypeCurrentRPC }),
  );
}

function decodeJson(bytes: Buffer): Header {
  const { code, opaque, flag, extFields } = JSON.parse(bytes.toString()) as Record<string, unknown>;
  for (const number of [code, opaque, flag]) if (!Number.isInteger(number)) throw new Error('A header without its numbers');
  const fields = Object.entries((extFields ?? {}) as Record<string, unknown>).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return { code: code as number, opaque: opaque as number, flag: flag as number, fields: new Map(fields) };
}

/** `code i16, language i8, version i16, opaque i32, flag i32, remark (i32 length), fields (i32 length of all: i16 length, name, i32 length, value)`. */
function encodeBinary({ code, opaque, flag, remark = '', fields }: Header): Buffer {
  const fixed = Buffer.allocUnsafe(13);
  fixed.writeInt16BE(code, 0);
  fixed.writeInt8(language.number, 2);
  fixed.writeInt16BE(version, 3);
  fixed.writeInt32BE(opaque, 5);
  fixed.writeInt32BE(flag, 9);
  const pairs = Buffer.concat([...fields].flatMap(([name, value]) => [counted(name, 2), counted(value, 4)]));
  return Buffer.concat([fixed, counted(remark, 4), counted(pairs, 4)]);
}

function counted(text: string | Buffer, countBytes: 2 | 4): Buffer {
  const bytes = Buffer.from(text);
  const count = Buffer.allocUnsafe(countBytes);
  count.writeIntBE(bytes.length, 0, countBytes);
  return Buffer.concat([count, bytes]);
}

function decodeBinary(bytes: Buffer): Header {
  let at = 13;
  const take = (countBytes: 2 | 4, end = bytes.length): Buffer => {
    const length = bytes.readIntBE(at, countBytes);
    at += countBytes;
    if (length < 0 || length > end - at) throw new Error('A text longer than its header');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const remark = take(4).toString();
  const all = take(4);
  const end = at;
  const fields = new Map<string, string>();
  for (at = end - all.length; at < end; ) fields.set(take(2, end).toString(), take(4, end).toString());
  return { code: bytes.readInt16BE(0), opaque: bytes.readInt32BE(5), flag: bytes.readInt32BE(9), remark, fields };
}

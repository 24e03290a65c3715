/**
 * The body of a batch: its messages one after the other, as a RocketMQ producer packs them.
 *
 * Each is `size i32` (itself included), two fields that mean nothing here (magic, checksum: 4 bytes each), `flag i32`, the body (`i32` length)
 * and the encoded properties (`i16` length).
 */
import { responseCode } from './codes.js';
import { Refusal } from './request.js';

const fixedBytes = 22;

export interface BatchedMessage {
  readonly flag: number;
  readonly body: Buffer;
  /** As the store takes them. */
  readonly properties: string;
}

export function decodeBatch(bytes: Buffer): readonly BatchedMessage[] {
  const messages: BatchedMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.length - at < fixedBytes ? 0 : bytes.readInt32BE(at);
    if (size < fixedBytes || size > bytes.length - at) throw malformed();
    messages.push(decodeOne(bytes.subarray(at, at + size)));
    at += size;
  }
  if (messages.length === 0) throw malformed();
  return messages;
}

function decodeOne(bytes: Buffer): BatchedMessage {
  const bodyBytes = bytes.readInt32BE(16);
  if (bodyBytes < 0 || bodyBytes > bytes.length - fixedBytes) throw malformed();
  const bodyEnd = 20 + bodyBytes;
  if (bytes.readInt16BE(bodyEnd) !== bytes.length - bodyEnd - 2) throw malformed();
  return { flag: bytes.readInt32BE(12), body: bytes.subarray(20, bodyEnd), properties: bytes.toString('utf8', bodyEnd + 2) };
}

function malformed(): Refusal {
  return new Refusal(responseCode.MESSAGE_ILLEGAL, 'The batch is malformed.');
}

/** Bodies that were stored compressed, by RocketMQ's client or by us: given back whole, or an error that leaves what is stored. */
import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StoreError } from '../ts/errors.js';
import { compressFrame } from '../ts/lz4.js';
import { StoredRecord } from '../ts/message.js';
import { thrownBy } from './failure.js';
import { recordBytes } from './recordbytes.js';
import { testSeed } from './seed.js';

const maxBytes = 64 * 1024;
const canZstd = 'zstdDecompressSync' in zlib;

/** What RocketMQ's compressors (5.5.1, level 5) make of it. */
const text = 'one coffee, two coffees, three coffees, four coffees; '.repeat(8);
const lz4Hex =
  '04224d1860707334000000f3006f6e6520636f666665652c2074776f0c0074732c20746872651b0074732c20666f75721d002f3b203600ff63506565733b20' +
  '00000000';
const zstdHex =
  '28b52ffd00586c0100f86f6e6520636f666665652c2074776f732c2074687265732c20666f75723b2004007759291cf3199fcfb85bea010000';
const zlibHex = '785ecbcf4b5548ce4f4b4b4dd5512829cf87b28b819c8ca2d45404372dbfb408c6b356c81fd53540ba00c8179941';

/** A message whose body is stored like that, at position 4711. */
function stored(body: Buffer, sysFlag: number, limit = maxBytes): StoredRecord {
  const record = recordBytes({ body, sysFlag, position: 4711 });
  return new StoredRecord(record, 0, record.length, limit);
}

/** Its body cannot be had, for that reason; everything else can, and its stored form. */
function expectRefused(message: StoredRecord, code: string, says: string | RegExp, body: Buffer, sysFlag: number): void {
  const error = thrownBy(() => message.body);
  expect(error.code, error.message).toBe(code);
  expect(error.message).toMatch(says);
  expect(error.message).toMatch(/^The body of the message at position 4711 .*toMessage\(\) and raw\.$/);
  expect(error.details.position).toBe(4711);
  expect(message.toMessage()).toMatchObject({ sysFlag, body });
  expect(message.raw.includes(body)).toBe(true);
  expect(message.tags).toBe('TagA');
}

test.each([
  ['LZ4', 0x101, lz4Hex],
  ['zlib', 0x301, zlibHex],
  ['zlib of a client that knew nothing else', 0x1, zlibHex],
])("a body that RocketMQ's client compressed as %s is given back", (_, sysFlag, hex) => {
  const message = stored(Buffer.from(hex, 'hex'), sysFlag);
  expect(message.body.toString()).toBe(text);
  expect(message.toMessage()).toMatchObject({ sysFlag, body: Buffer.from(hex, 'hex') });
});

test(`Zstandard is given back where this Node has it, and UNSUPPORTED elsewhere (here: ${canZstd})`, () => {
  const body = Buffer.from(zstdHex, 'hex');
  const message = stored(body, 0x201);
  if (canZstd) expect(message.body.toString()).toBe(text);
  else expectRefused(message, 'UNSUPPORTED', 'Node 22.15', body, 0x201);
});

test('a body is decompressed once and kept, and one that is not compressed is not touched', () => {
  const message = stored(compressFrame(Buffer.from(text)), 0x101);
  expect(message.body).toBe(message.body);
  for (const sysFlag of [0, 0x100, 0x300, 0x700]) {
    const body = randomBytes(50);
    expect(stored(body, sysFlag).body.equals(body)).toBe(true);
  }
});

test('a body without bytes has none, whatever the flags say', () => {
  for (const sysFlag of [0x1, 0x101, 0x201, 0x301, 0x701]) expect(stored(Buffer.alloc(0), sysFlag).body).toHaveLength(0);
});

test('multi-tags and transaction bits beside the compression change nothing', () => {
  expect(stored(Buffer.from(lz4Hex, 'hex'), 0x101 | 0x2 | 0x8).body.toString()).toBe(text);
});

test.each(['0x401', '0x501', '0x601', '0x701'])('a way to compress that nobody has defined (%s) is UNSUPPORTED', (flags) => {
  const sysFlag = Number(flags);
  const body = Buffer.from(lz4Hex, 'hex');
  expectRefused(stored(body, sysFlag), 'UNSUPPORTED', 'does not know', body, sysFlag);
});

const ways: readonly [name: string, sysFlag: number, compress: (body: Buffer) => Buffer][] = [
  ['LZ4', 0x101, compressFrame],
  ['zlib', 0x301, (body) => zlib.deflateSync(body)],
];
if (canZstd) {
  const { zstdCompressSync } = zlib as unknown as { zstdCompressSync: (body: Buffer) => Buffer };
  (ways as unknown[]).push(['Zstandard', 0x201, zstdCompressSync]);
}

test.each(ways)('%s: what was compressed comes back, up to the limit and not one byte more', (_, sysFlag, compress) => {
  for (const length of [1, 1000, maxBytes - 1, maxBytes]) {
    const body = Buffer.alloc(length, text);
    expect(stored(compress(body), sysFlag).body.equals(body)).toBe(true);
  }
  for (const length of [maxBytes + 1, 2 * maxBytes, 64 * 2 ** 20]) {
    const body = compress(Buffer.alloc(length, 7));
    const message = stored(body, sysFlag);
    expectRefused(message, 'MESSAGE_TOO_LARGE', /more than 65536 bytes .*commitLog\.maxMessageBytes/, body, sysFlag);
  }
});

test('a bomb is refused before memory is taken for it', () => {
  // Of 4 MiB that claim a gigabyte; a match that repeats one byte.
  const block = Buffer.alloc(4 * 2 ** 20, 0xff);
  Buffer.of(0x1f, 0x61, 1, 0).copy(block);
  block[block.length - 1] = 0;
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  const bomb = Buffer.concat([Buffer.from('04224d18607073', 'hex'), size, block, Buffer.alloc(4)]);
  const message = stored(bomb, 0x101, 128 * 2 ** 20);
  const before = process.memoryUsage();
  expect(thrownBy(() => message.body).code).toBe('MESSAGE_TOO_LARGE');
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 20);
  expect(after.rss - before.rss).toBeLessThan(64 * 2 ** 20);
});

test('a frame of Zstandard whose window takes more than the limit, and more than 8 MiB, is refused', () => {
  // A header without a content size, a window of 8 or 16 MiB, one empty last block.
  const frame = (window: number) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, window, 0x01, 0x00, 0x00]);
  const eight = frame(13 << 3);
  const sixteen = frame(14 << 3);
  if (!canZstd) {
    expectRefused(stored(eight, 0x201), 'UNSUPPORTED', 'Node 22.15', eight, 0x201);
    return;
  }
  expect(stored(eight, 0x201).body).toHaveLength(0);
  expectRefused(stored(sixteen, 0x201), 'MESSAGE_TOO_LARGE', 'maxMessageBytes', sixteen, 0x201);
  expect(stored(sixteen, 0x201, 16 * 2 ** 20).body).toHaveLength(0);
});

test.each(ways)('%s: a body that is cut short is CORRUPTION', (_, sysFlag, compress) => {
  const whole = compress(Buffer.concat([randomBytes(300), Buffer.alloc(3000, text)]));
  for (let length = 1; length < whole.length; length++) {
    const body = whole.subarray(0, length);
    expectRefused(stored(body, sysFlag), 'CORRUPTION', /sysFlag 0x[123]01\) and cannot be decompressed: .+\. Its/, body, sysFlag);
  }
});

test.each(ways)('%s: a body of any bytes is given back within the limit, or refused with a typed error', (_, sysFlag, compress) => {
  const whole = compress(Buffer.concat([randomBytes(300), Buffer.alloc(3000, text)]));
  const changed = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }).map((changes) => {
    const body = Buffer.from(whole);
    for (const [at, byte] of changes) body[at] = byte;
    return body;
  });
  const anything = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(changed, anything), (body) => {
      const message = stored(body, sysFlag);
      try {
        expect(message.body.length).toBeLessThanOrEqual(maxBytes);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        expect(['CORRUPTION', 'MESSAGE_TOO_LARGE']).toContain(error.code);
        expect(message.toMessage().body).toEqual(body);
      }
    }),
    { seed: testSeed, numRuns: 500 },
  );
});

/** LZ4 frames: what one makes is known before it is made, and only a frame that is whole is one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compressFrame, contentBytes, decompressFrame } from '../ts/lz4.js';
import { testSeed } from './seed.js';

const max = 2 ** 30;
const words = Buffer.from('one coffee, two coffees, three coffees; ');

/** Bytes of every kind: repeated, random, both in turn. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(fc.nat(255), fc.nat(3000)).map(([byte, count]) => Buffer.alloc(count, byte)),
      fc.nat(3000).map((count) => Buffer.alloc(count, words)),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.concat(parts));

/** A frame of the given flags around blocks that were made elsewhere; its header's checksum is not right. */
function frameOf(flags: number, ...blocks: readonly Buffer[]): Buffer {
  const parts = blocks.flatMap((block) => [uint32(block.length), block]);
  return Buffer.concat([Buffer.of(0x04, 0x22, 0x4d, 0x18, flags, 0x70, 0x00), ...parts, uint32(0)]);
}

function uint32(value: number): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(value);
  return four;
}

test('a frame is measured without being undone, and gives its bytes back', () => {
  fc.assert(
    fc.property(bytes, (body) => {
      const frame = compressFrame(body);
      expect(contentBytes(frame, max)).toBe(body.length);
      expect(decompressFrame(frame).equals(body)).toBe(true);
    }),
    { seed: testSeed },
  );
});

test.each([0, 1, 15, 65_535, 65_536, 65_537, 4 * 2 ** 20, 9 * 2 ** 20 + 1])(
  'a body of %i bytes is measured, over as many blocks as it takes',
  (length) => {
    for (const body of [Buffer.alloc(length, words), Buffer.alloc(length, 7)]) {
      expect(contentBytes(compressFrame(body), max)).toBe(length);
    }
  },
);

test('measuring ends as soon as there is more than allowed', () => {
  const frame = compressFrame(Buffer.alloc(100_000));
  expect(contentBytes(frame, 100_000)).toBe(100_000);
  expect(contentBytes(frame, 99_999)).toBe(100_000);
  expect(contentBytes(frame, 10)).toBe(11);
});

test('a block that claims gigabytes is measured by what it claims', () => {
  // One literal, then a match whose length goes on for four million bytes of 255.
  const block = Buffer.alloc(4 * 2 ** 20, 0xff);
  Buffer.of(0x1f, 0x61, 1, 0).copy(block);
  block[block.length - 1] = 0;
  const frame = frameOf(0x60, block);
  expect(contentBytes(frame, 2 ** 53)).toBe(1 + 4 + 15 + 255 * (block.length - 5));
  expect(contentBytes(frame, 4096)).toBe(4097);
});

test('blocks that are stored as they are, sizes and checksums of a frame are stepped over', () => {
  const plain = Buffer.concat([uint32(0x8000_0003), Buffer.from('abc')]);
  const head = [0x04, 0x22, 0x4d, 0x18];
  const size = Buffer.alloc(8);
  const end = uint32(0);
  const sum = uint32(0xffff_ffff);
  expect(contentBytes(Buffer.concat([Buffer.of(...head, 0x60, 0x40, 0), plain, plain, end]), max)).toBe(6);
  expect(contentBytes(Buffer.concat([Buffer.of(...head, 0x68, 0x40), size, Buffer.of(0), plain, end]), max)).toBe(3);
  expect(contentBytes(Buffer.concat([Buffer.of(...head, 0x74, 0x40, 0), plain, sum, plain, sum, end, sum]), max)).toBe(6);
});

test('a frame that is cut anywhere, or goes on behind its end, is none', () => {
  const frame = compressFrame(Buffer.concat([Buffer.alloc(70_000, words), Buffer.alloc(70_000, 7)]));
  for (let length = 0; length < frame.length; length++) {
    expect(() => contentBytes(frame.subarray(0, length), max), `${length} of ${frame.length} bytes`).toThrow();
  }
  expect(() => contentBytes(Buffer.concat([frame, Buffer.of(0)]), max)).toThrow('does not end where the body ends');
  expect(() => contentBytes(Buffer.concat([frame, frame]), max)).toThrow('does not end where the body ends');
});

test('another version, a dictionary, and what is no frame at all are refused', () => {
  expect(() => contentBytes(frameOf(0x20), max)).toThrow('version');
  expect(() => contentBytes(frameOf(0x61), max)).toThrow('dictionary');
  expect(() => contentBytes(Buffer.from('no frame'), max)).toThrow('does not begin');
  expect(() => contentBytes(frameOf(0x60), max)).not.toThrow();
});

test('whatever bytes a block has, measuring it ends and never says less than undoing it makes', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (body, changes) => {
      const frame = compressFrame(body);
      for (const [at, byte] of changes) frame[7 + (at % (frame.length - 7))] = byte;
      let measured: number;
      try {
        measured = contentBytes(frame, max);
      } catch {
        return;
      }
      let made: Buffer;
      try {
        made = decompressFrame(frame);
      } catch {
        return;
      }
      expect(made.length).toBeLessThanOrEqual(measured);
    }),
    { seed: testSeed, numRuns: 500 },
  );
});

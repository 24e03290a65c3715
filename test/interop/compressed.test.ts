/**
 * Compressed bodies: RocketMQ's own decoder gives back what we compressed, and we give back what its producer's compressors made,
 * in one directory, whoever wrote it.
 */

import * as zlib from 'node:zlib';
import { describe, expect, inject, test } from 'vitest';
import { MessageStore, type StoredMessage } from '../../dist/index.js';
import { copyOf, forJava, forUs, type Layout, newDirectory } from './directories.js';
import { Giver, newSeed } from './given.js';
import { Referee } from './referee.js';

const seed = newSeed();
const layout: Layout = { name: '32 MiB files', fileBytes: 32 * 1024 * 1024, entriesPerFile: 1_000 };
const canZstd = 'zstdDecompressSync' in zlib;
const topic = 'Compressed';
const queueId = 0;
const types = ['LZ4', 'ZSTD', 'ZLIB'] as const;

/** Around the sizes of LZ4's blocks, and what cannot be compressed. */
function bodies(): Buffer[] {
  const words = 'one coffee, two coffees, three coffees; ';
  const lengths = [0, 1, 2, 100, 4095, 4096, 65_535, 65_536, 65_537, 262_144, 262_145, 2 ** 20, 2 ** 20 + 1, 2 ** 22];
  const random = Buffer.concat(new Giver(seed).messages(300).map(({ body }) => body));
  const halves = Array.from({ length: 20 }, (_, k) =>
    Buffer.concat([random.subarray(k * 100, k * 400), Buffer.alloc(k * 333, words)]),
  );
  return [...lengths.flatMap((length) => [Buffer.alloc(length, words), Buffer.alloc(length, 7)]), random, ...halves];
}

async function seenByUs(directory: string): Promise<readonly StoredMessage[]> {
  const store = await MessageStore.open(directory, { ...forUs(layout), index: true, readOnly: true });
  const { messages } = await store.read(topic, queueId, 0, { maxMessages: 1_000, maxBytes: 2 ** 30 });
  await store.close();
  return messages;
}

/** Hashes tell what differs in a line where bodies would take pages. */
function expectBodies(seen: readonly { body: Buffer }[], given: readonly Buffer[]): void {
  expect(seen.map(({ body }) => body.length)).toEqual(given.map(({ length }) => length));
  expect(seen.findIndex(({ body }, k) => !body.equals(given[k]!))).toBe(-1);
}

describe.skipIf(!inject('referee').ok)(`compressed bodies, seed ${seed}`, () => {
  test("RocketMQ's decoder gives back what we compressed, single and in batches", async () => {
    const directory = newDirectory();
    const given = bodies();
    const store = await MessageStore.open(directory, { ...forUs(layout), compression: { type: 'lz4', minBytes: 1 } });
    for (const body of given) {
      await store.append({ topic, queueId, body });
    }
    await store.appendBatch(given.map((body) => ({ topic, queueId, body })));
    await store.close();
    await using java = new Referee();
    await java.open(copyOf(directory), { ...forJava(layout), forceVerifyPropCRC: true });
    const asStored = await java.read(topic, queueId);
    expect(asStored.filter(({ sysFlag }) => sysFlag === 0x101).length).toBeGreaterThan(given.length);
    expect(asStored.filter(({ sysFlag }) => sysFlag === 0).length).toBeGreaterThan(10);
    expectBodies(await java.read(topic, queueId, { decompress: true }), [...given, ...given]);
    expectBodies(await seenByUs(directory), [...given, ...given]);
  });

  test(`we give back what RocketMQ's compressors made: LZ4, zlib, Zstandard (in this Node: ${canZstd})`, async () => {
    const directory = newDirectory();
    // Its store takes records of 4 MiB, and its producer leaves empty bodies alone.
    const given = bodies().filter(({ length }) => length > 0 && length < 2 ** 22);
    await using java = new Referee();
    await java.open(directory, forJava(layout));
    await java.append(given.flatMap((body) => types.map((compression) => ({ topic, queueId, body, compression }))));
    // As clients did before there was a choice.
    await java.append(given.map((body) => ({ topic, queueId, body: zlib.deflateSync(body), sysFlag: 0x1 })));
    const theirs = await java.read(topic, queueId, { decompress: true });
    const asStored = await java.read(topic, queueId);
    await java.close();
    const expected = [...given.flatMap((body) => types.map(() => body)), ...given];
    expectBodies(theirs, expected);

    const ours = await seenByUs(directory);
    const flags = [0x101, 0x201, 0x301];
    expect(ours.map(({ sysFlag }) => sysFlag)).toEqual([...given.flatMap(() => flags), ...given.map(() => 0x1)]);
    expectBodies(
      ours.map((message) => ({ body: message.toMessage().body as Buffer })),
      asStored.map(({ body }) => body),
    );
    const readable = ours.flatMap((message, k) => (canZstd || message.sysFlag !== 0x201 ? [{ message, body: expected[k]! }] : []));
    expectBodies(
      readable.map(({ message }) => message),
      readable.map(({ body }) => body),
    );
    for (const message of ours.filter((each) => !readable.some((one) => one.message === each))) {
      expect(() => message.body).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    }
  });

  test('what one of them compressed and the other appended again is still the same to both', async () => {
    const given = bodies().filter(({ length }) => length > 0 && length < 2 ** 20);
    const from = newDirectory();
    await using java = new Referee();
    await java.open(from, forJava(layout));
    await java.append(given.map((body, k) => ({ topic, queueId, body, compression: types[k % types.length] })));
    const asStored = await java.read(topic, queueId);
    await java.close();
    const to = newDirectory();
    const store = await MessageStore.open(to, { ...forUs(layout), compression: { type: 'lz4', minBytes: 1 } });
    for (const message of await seenByUs(from)) {
      await store.append({ ...message.toMessage(), queueId });
    }
    await store.close();
    await using reader = new Referee();
    await reader.open(to, forJava(layout));
    const again = await reader.read(topic, queueId);
    expect(again.map(({ sysFlag }) => sysFlag)).toEqual(asStored.map(({ sysFlag }) => sysFlag));
    expectBodies(
      again,
      asStored.map(({ body }) => body),
    );
    expectBodies(await reader.read(topic, queueId, { decompress: true }), given);
  });
});

/** Transfer: what arrives at the other end of a stream is what stands in the log, in its place among what else was written. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MessageStore, StoreOptions, TransferOptions, TransferPlan } from '../ts/index.js';
import { forcedPath } from '../ts/transferoptions.js';
import { rejectionOf } from './failure.js';
import { testSeed } from './seed.js';
import { allOf, next, socketPair } from './sockets.js';
import { openStore, storeFolder } from './storefolder.js';

const fileBytes = 256 * 1024;
const small: StoreOptions = { commitLog: { fileBytes }, consumeQueue: { entriesPerFile: 200 }, flush: 'async' };
const everything: TransferOptions = { maxMessages: 100_000, maxBytes: 1 << 30 };
type Path = 'sendfile' | 'writev' | 'copy';
const paths: readonly Path[] = ['sendfile', 'writev', 'copy'];

/** As the store decides, or by one way. */
function by(path: Path | undefined, options: TransferOptions = everything): TransferOptions {
  return path === undefined ? options : ({ ...options, [forcedPath]: path } as TransferOptions);
}

async function filled(count: number, bodyBytes: number, queues = 1, options = small): Promise<MessageStore> {
  const store = await openStore(storeFolder(), { ...options, defaultQueues: queues });
  const receipts = [];
  for (let i = 0; i < count; i++) {
    receipts.push(
      store.append({ topic: 'T', queueId: i % queues, body: Buffer.alloc(bodyBytes, i), tags: i % 3 === 0 ? 'Aa' : 'BB' }),
    );
    if (i % 1000 === 999) await receipts.at(-1);
  }
  await Promise.all(receipts);
  return store;
}

describe.each(paths)('by %s', (path) => {
  test.each([1, 4])('what arrives is what readRaw gives, from %i queues', async (queues) => {
    const store = await filled(1200, 700, queues);
    for (const queueId of Array.from({ length: queues }, (_, i) => i)) {
      const raw = await store.readRaw('T', queueId, 5, everything);
      const { near, far } = await socketPair();
      const arrived = allOf(far);
      const { path: taken, ...result } = await store.transfer(near, 'T', queueId, 5, by(path));
      near.end();
      const { bytes, ...rest } = raw;
      expect(bytes.equals(await arrived)).toBe(true);
      expect(result).toEqual({ ...rest, bytes: bytes.length });
      expect(taken).toBe(path);
    }
  });

  test('a header goes before the records', async () => {
    const store = await filled(300, 700);
    const raw = await store.readRaw('T', 0, 0, everything);
    const { near, far } = await socketPair();
    const plans: TransferPlan[] = [];
    const header = (plan: TransferPlan): Buffer => {
      plans.push(plan);
      return Buffer.from(`${plan.messages} records of ${plan.bytes} bytes\n`);
    };
    const arrived = allOf(far);
    const result = await store.transfer(near, 'T', 0, 0, by(path, { ...everything, header }));
    near.end();
    expect((await arrived).equals(Buffer.concat([Buffer.from(`300 records of ${raw.bytes.length} bytes\n`), raw.bytes]))).toBe(
      true,
    );
    expect(plans).toEqual([{ ...result, path: undefined }]);
  });

  test('the socket keeps its order: writes before, between and behind, two transfers, and its end', async () => {
    const store = await filled(600, 700);
    const raw = (await store.readRaw('T', 0, 0, everything)).bytes;
    const { near, far } = await socketPair();
    const long = Buffer.alloc(3 << 20, 'l');
    const arrived = allOf(far);
    near.write('before ');
    near.write(long);
    const first = store.transfer(near, 'T', 0, 0, by(path));
    near.write(' between ');
    near.cork();
    near.write('them');
    const second = store.transfer(near, 'T', 0, 0, by(path));
    near.write(' behind');
    near.uncork();
    near.end(' the end');
    await Promise.all([first, second]);
    const expected = Buffer.concat([
      Buffer.from('before '),
      long,
      raw,
      Buffer.from(' between them'),
      raw,
      Buffer.from(' behind the end'),
    ]);
    expect(expected.equals(await arrived)).toBe(true);
    expect(Object.keys(near)).not.toContain('_write');
    expect(Object.keys(near)).not.toContain('_writev');
  });
});

test('random plans arrive as the records that a scan by hand finds', async () => {
  const options: StoreOptions = { ...small, commitLog: { fileBytes: 32 * 1024 }, defaultQueues: 3 };
  const store = await openStore(storeFolder(), options);
  const tags = [undefined, 'Aa', 'BB', 'C'];
  const sizes = fc.sample(fc.integer({ min: 0, max: 3000 }), { seed: testSeed, numRuns: 600 });
  for (const [i, size] of sizes.entries())
    await store.append({ topic: 'T', queueId: (size + i) % 3, body: Buffer.alloc(size, i), tags: tags[size % 4] });
  const { near, far } = await socketPair();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        queueId: fc.nat(2),
        offset: fc.nat(220),
        maxMessages: fc.integer({ min: 1, max: 250 }),
        maxBytes: fc.integer({ min: 1, max: 300_000 }),
        maxScanned: fc.integer({ min: 1, max: 250 }),
        tags: fc.constantFrom('*', 'Aa', 'BB', 'Aa || C', 'D'),
        path: fc.constantFrom(undefined, ...paths),
        header: fc.nat(40),
      }),
      async ({ queueId, offset, path, header, ...limits }) => {
        const raw = await store.readRaw('T', queueId, offset, limits);
        const head = Buffer.alloc(header, 'h');
        const sent = await store.transfer(near, 'T', queueId, offset, by(path, { ...limits, header: () => head }));
        const { bytes, ...rest } = raw;
        expect({ ...sent, path: undefined }).toEqual({ ...rest, bytes: bytes.length, path: undefined });
        expect(Buffer.concat([head, bytes]).equals(await next(far, header + bytes.length))).toBe(true);
      },
    ),
    { seed: testSeed, numRuns: 300 },
  );
});

test('a reader that takes its time gets everything, and nobody waits for it', async () => {
  const store = await filled(4000, 4000, 1, { ...small, commitLog: { fileBytes: 4 << 20 } });
  const raw = (await store.readRaw('T', 0, 0, everything)).bytes;
  const slow = await socketPair();
  const sending = store.transfer(slow.near, 'T', 0, 0, everything);
  // Meanwhile others are served, by the same threads.
  for (let i = 0; i < 20; i++) {
    const { near, far } = await socketPair();
    const other = store.transfer(near, 'T', 0, i, { ...everything, maxBytes: 1 << 20 });
    const { bytes } = await store.readRaw('T', 0, i, { ...everything, maxBytes: 1 << 20 });
    expect(bytes.equals(await next(far, bytes.length))).toBe(true);
    expect((await other).path).toBe('sendfile');
  }
  const parts: Buffer[] = [];
  for (let left = raw.length; left > 0; ) {
    const part = await next(slow.far, Math.min(left, 100_000));
    parts.push(part);
    left -= part.length;
  }
  expect(raw.equals(Buffer.concat(parts))).toBe(true);
  expect((await sending).path).toBe('sendfile');
});

test('a header that is undefined sends nothing at all, and what it throws rejects', async () => {
  const store = await filled(10, 100);
  const { near, far } = await socketPair();
  const result = await store.transfer(near, 'T', 0, 0, { header: () => undefined });
  expect([result.path, result.messages]).toEqual(['none', 10]);
  const thrown = new Error('no');
  const header = (): never => {
    throw thrown;
  };
  await expect(store.transfer(near, 'T', 0, 0, { header })).rejects.toBe(thrown);
  const wrong = await rejectionOf(store.transfer(near, 'T', 0, 0, { header: () => 'text' as never }));
  expect([wrong.code, near.destroyed]).toEqual(['INVALID_ARGUMENT', false]);
  near.end('only this');
  expect((await allOf(far)).toString()).toBe('only this');
});

test('a plan without records calls the header, and sends what it gives', async () => {
  const store = await filled(10, 100);
  const { near, far } = await socketPair();
  const seen: string[] = [];
  const header = (plan: TransferPlan): Buffer => {
    seen.push(`${plan.status} ${plan.messages} ${plan.bytes} ${plan.nextOffset}`);
    return Buffer.from('h');
  };
  for (const [topic, queueId, offset, tags] of [
    ['T', 0, 10, '*'],
    ['T', 0, 99, '*'],
    ['T', 0, 0, 'D'],
    ['T', 7, 0, '*'],
    ['U', 0, 0, '*'],
  ] as const)
    expect((await store.transfer(near, topic, queueId, offset, { tags, header })).path).toBe('writev');
  expect(seen).toEqual([
    'OFFSET_OVERFLOW_ONE 0 0 10',
    'OFFSET_OVERFLOW_BADLY 0 0 10',
    'NO_MATCHED_MESSAGE 0 0 10',
    'NO_MATCHED_LOGIC_QUEUE 0 0 0',
    'NO_MATCHED_LOGIC_QUEUE 0 0 0',
  ]);
  expect((await store.transfer(near, 'T', 0, 10)).path).toBe('none');
  near.end();
  expect((await allOf(far)).toString()).toBe('hhhhh');
});

/** MESSAGE_TOO_LARGE and PROPERTIES_TOO_LARGE: what cannot fit is refused before anything is assigned, and what just fits is taken. */
import { expect, test } from 'vitest';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected, expectThrown } from './told.js';

const tooLarge = { code: 'MESSAGE_TOO_LARGE' } as const;
const fileBytes = 16384;
/** BLANK must still fit behind the last record of a file. */
const room = fileBytes - 8;

test('a body may have maxMessageBytes and not one more', async () => {
  const store = await openStore(storeFolder(), { commitLog: { maxMessageBytes: 1000 } });
  expect((await store.append({ topic: 'T', body: Buffer.alloc(1000) })).offset).toBe(0);
  const message = { topic: 'T', body: Buffer.alloc(1001) };
  const told = { ...tooLarge, says: '1001 bytes and may have 1000' };
  await expectRejected(store.append(message), told);
  await expectRejected(store.appendBatch([{ topic: 'T', body: 'x' }, message]), told);
  expectThrown(() => store.appendSync(message), told);
  // Bytes count, not characters.
  await expectRejected(store.append({ topic: 'T', body: 'ä'.repeat(501) }), { ...tooLarge, says: '1002 bytes' });
  expect((await store.append({ topic: 'T', body: 'ä'.repeat(500) })).offset).toBe(1);
});

test('without the option a body may have 4 MiB and not one more', async () => {
  const store = await openStore(storeFolder());
  const body = Buffer.alloc(4 * 1024 * 1024 + 1, 7);
  await expectRejected(store.append({ topic: 'T', body }), { ...tooLarge, says: '4194304' });
  await store.append({ topic: 'T', body: body.subarray(1) });
  const { messages } = await store.read('T', 0, 0);
  expect(messages[0]?.body.equals(body.subarray(1))).toBe(true);
});

test('a record must fit a file with room for the mark at its end', async () => {
  const store = await openStore(storeFolder(), { commitLog: { fileBytes } });
  const { size } = await store.append({ topic: 'T', body: '' });
  const fits = { topic: 'T', body: Buffer.alloc(room - size) };
  const tooLong = { topic: 'T', body: Buffer.alloc(room - size + 1) };
  const before = store.watermarks.written;
  await expectRejected(store.append(tooLong), { ...tooLarge, says: 'does not fit' });
  await expectRejected(store.appendBatch([tooLong]), tooLarge);
  expectThrown(() => store.appendSync(tooLong), tooLarge);
  expect(store.watermarks.written).toBe(before);
  expect(await store.append(fits)).toMatchObject({ offset: 1, position: fileBytes, size: room });
});

test('a batch must fit a file as a whole', async () => {
  const store = await openStore(storeFolder(), { commitLog: { fileBytes } });
  const [first, second] = await store.appendBatch([
    { topic: 'T', body: '' },
    { topic: 'T', body: '' },
  ]);
  const bytes = (first?.size ?? 0) + (second?.size ?? 0);
  const half = Buffer.alloc(7000);
  const batch = (rest: number) => [half, Buffer.alloc(rest)].map((body) => ({ topic: 'T', body }));
  await expectRejected(store.appendBatch(batch(room - bytes - half.length + 1)), { ...tooLarge, says: 'fit a file' });
  const receipts = await store.appendBatch(batch(room - bytes - half.length));
  expect(receipts.map(({ offset }) => offset)).toEqual([2, 3]);
  expect(receipts[0]?.position).toBe(fileBytes);
});

test('properties may take 32767 bytes with the checksum, and not one more', async () => {
  const store = await openStore(storeFolder());
  const told = { code: 'PROPERTIES_TOO_LARGE', says: '32767' } as const;
  /** A record whose properties take that many bytes in the log, with the 20 of the checksum. */
  const taking = (bytes: number) => ({ topic: 'T', body: 'x', properties: { a: 'v'.repeat(bytes - 20 - 3) } });
  await expectRejected(store.append(taking(32768)), told);
  expectThrown(() => store.appendSync(taking(32768)), told);
  await expectRejected(store.append(taking(100_000)), told);
  await expectRejected(store.append(taking(33_000_000)), told);
  const appended = [await store.append(taking(32767)), await store.append(taking(32766)), store.appendSync(taking(32767))];
  expect(appended.map(({ offset }) => offset)).toEqual([0, 1, 2]);
  const { messages } = await store.read('T', 0, 0);
  expect(messages.map(({ properties }) => properties.a?.length)).toEqual([32744, 32743, 32744]);
});

test('the first message of a batch has 39 bytes less for its properties', async () => {
  const store = await openStore(storeFolder());
  const told = { code: 'PROPERTIES_TOO_LARGE' } as const;
  const full = { topic: 'T', body: 'x', properties: { a: 'v'.repeat(32767 - 23) } };
  const first = { topic: 'T', body: 'x', properties: { a: 'v'.repeat(32767 - 23 - 39) } };
  await expectRejected(store.appendBatch([full, full]), told);
  await expectRejected(store.appendBatch([{ ...first, tags: 'a' }, full]), told);
  expect((await store.appendBatch([first, full])).map(({ offset }) => offset)).toEqual([0, 1]);
  expect((await store.read('T', 0, 0)).messages.map(({ properties }) => properties.a?.length)).toEqual([32705, 32744]);
});

test('properties count in bytes of UTF-8', async () => {
  const store = await openStore(storeFolder());
  const fits = { topic: 'T', body: 'x', properties: { a: '€'.repeat(10_914) } };
  expect((await store.append(fits)).offset).toBe(0);
  const over = { topic: 'T', body: 'x', properties: { a: `${'€'.repeat(10_914)}abc` } };
  await expectRejected(store.append(over), { code: 'PROPERTIES_TOO_LARGE' });
  const encoded = { topic: 'T', body: 'x', properties: `a\u0001${'v'.repeat(32744)}\u0002` };
  expect((await store.append(encoded)).offset).toBe(1);
  await expectRejected(store.append({ ...encoded, tags: 'b' }), { code: 'PROPERTIES_TOO_LARGE' });
});

/** CORRUPTION: bytes that changed on disk below the durable watermark are told, never served and never skipped in silence. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MessageStore, type Receipt, type StoreOptions } from '../../ts/index.js';
import { openStore, storeFolder } from '../storefolder.js';
import { expectRejected } from './told.js';

const small: StoreOptions = { commitLog: { fileBytes: 16384 }, consumeQueue: { entriesPerFile: 50 } };

/** Changes one bit of the log at a position. */
function flip(directory: string, position: number): void {
  const start = position - (position % 16384);
  const file = openSync(join(directory, 'commitlog', String(start).padStart(20, '0')), 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position - start);
  writeSync(file, Buffer.of((byte[0] as number) ^ 0x40), 0, 1, position - start);
  closeSync(file);
}

/** Thirty messages over three files, cleanly closed. */
async function written(): Promise<{ directory: string; receipts: Receipt[] }> {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  const receipts: Receipt[] = [];
  for (let n = 0; n < 30; n++) receipts.push(await store.append({ topic: 'T', body: Buffer.alloc(1000, n) }));
  await store.close();
  return { directory, receipts };
}

test('a message that rotted after a clean shutdown is reported lost by whoever reads it; all others are served', async () => {
  const { directory, receipts } = await written();
  const { position, size } = receipts[7] as Receipt;
  flip(directory, position + 500);
  const store = await openStore(directory);
  expect(store.recovery.newlyLost).toEqual([]);
  const { messages, lost, nextOffset, status } = await store.read('T', 0, 0, { maxMessages: 50 });
  expect(status).toBe('FOUND');
  const rest = nextOffset === 30 ? [] : (await store.read('T', 0, nextOffset, { maxMessages: 50 })).messages;
  const offsets = [...messages, ...rest].map(({ offset }) => offset);
  expect(offsets).toEqual([...receipts.keys()].filter((offset) => offset !== 7));
  const file = join(directory, 'commitlog', '00000000000000000000');
  const ranges = [{ from: position, to: position + size, file, reason: 'checksum' }];
  expect(lost).toEqual([{ fromOffset: 7, toOffset: 8, ranges }]);
  expect(store.lost).toEqual(ranges);
  expect(store.stats().lostBytes).toBe(size);

  const alone = await store.read('T', 0, 7, { maxMessages: 1, maxScanned: 1 });
  expect(alone).toMatchObject({ status: 'MESSAGE_LOST', messages: [], nextOffset: 8 });
  const error = await expectRejected(store.messageAt(position), { code: 'CORRUPTION', says: `position ${position}` });
  expect(error.details).toMatchObject({ position, path: file });
  expect((await store.messageAt((receipts[8] as Receipt).position))?.offset).toBe(8);
});

test('what a read found lost is still known after the store was opened again', async () => {
  const { directory, receipts } = await written();
  const { position } = receipts[7] as Receipt;
  flip(directory, position + 500);
  const first = await openStore(directory);
  await first.read('T', 0, 0, { maxMessages: 50 });
  await first.close();
  const second = await openStore(directory);
  expect(second.recovery.lost.map(({ from }) => from)).toEqual([position]);
  expect(second.recovery.newlyLost).toEqual([]);
  expect((await second.append({ topic: 'T', body: 'x' })).offset).toBe(30);
});

test('with verify never the checksum is not looked at, and with always every read looks', async () => {
  const { directory, receipts } = await written();
  const { position } = receipts[7] as Receipt;
  const always = await openStore(directory, { verify: 'always' });
  expect((await always.read('T', 0, 7, { maxMessages: 1 })).messages).toHaveLength(1);
  flip(directory, position + 500);
  expect(await always.read('T', 0, 7, { maxMessages: 1, maxScanned: 1 })).toMatchObject({ status: 'MESSAGE_LOST' });
  flip(directory, position + 500);
  await always.close();
  flip(directory, (receipts[9] as Receipt).position + 500);
  const never = await openStore(directory, { verify: 'never' });
  expect((await never.read('T', 0, 9, { maxMessages: 1 })).messages[0]?.body.equals(Buffer.alloc(1000, 9))).toBe(false);
});

test('damage found by recovery is reported, or refuses the open before anything is written', async () => {
  const { directory, receipts } = await written();
  const { position, size } = receipts[7] as Receipt;
  const store = await openStore(directory);
  await store.append({ topic: 'T', body: 'more' });
  await store.close();
  flip(directory, position + 500);
  // Without the side-car all of the log is looked at.
  rmSync(join(directory, 'millrace'), { recursive: true });
  const names = () => readdirSync(directory, { recursive: true }).sort();
  const before = names();
  const log = readFileSync(join(directory, 'commitlog', '00000000000000000000'));

  const error = await expectRejected(MessageStore.open(directory, { onDamage: 'refuse' }), { code: 'CORRUPTION' });
  expect(error.details).toMatchObject({ position });
  expect(names()).toEqual(before);
  expect(readFileSync(join(directory, 'commitlog', '00000000000000000000')).equals(log)).toBe(true);

  const reporting = await openStore(directory);
  expect(reporting.recovery.newlyLost).toMatchObject([{ from: position, to: position + size }]);
  expect((await reporting.append({ topic: 'T', body: 'x' })).offset).toBe(31);
});

/** Searches by store time, held against a scan of the queue. */
import { openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageStore, Receipt, StoredMessage, StoreOptions } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

const fileBytes = 4096;
const small: StoreOptions = { commitLog: { fileBytes }, consumeQueue: { entriesPerFile: 7 } };
const begin = 1_700_000_000_000;

/** A store whose clock says what `time.now` is. */
async function timed(directory: string, time: { now: number }): Promise<MessageStore> {
  return openStore(directory, { ...small, flush: 'async', clock: () => time.now });
}

/** Every message of a queue that can be read. */
async function scan(store: MessageStore, topic: string, queueId: number): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for (let offset = store.queue(topic, queueId).minOffset; ; ) {
    const { messages, nextOffset, maxOffset } = await store.read(topic, queueId, offset, { maxMessages: 1000 });
    found.push(...messages);
    if (nextOffset >= maxOffset) return found;
    offset = nextOffset;
  }
}

/** `now`: where the queue begins and ends. */
function byScan(messages: readonly StoredMessage[], now: { minOffset: number; maxOffset: number }, time: number): [number, number] {
  const lower = messages.find(({ storeTimestamp }) => storeTimestamp >= time)?.offset ?? now.maxOffset;
  const upper = messages.findLast(({ storeTimestamp }) => storeTimestamp <= time)?.offset ?? now.minOffset - 1;
  return [lower, upper];
}

/** Both bounds of every time that could matter, asked for all at once. */
async function expectAsScanned(store: MessageStore, topic: string, queueId: number): Promise<void> {
  const messages = await scan(store, topic, queueId);
  const { minOffset, maxOffset } = store.queue(topic, queueId);
  const times = new Set([0, -5, begin, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
  for (const { storeTimestamp } of messages) for (const near of [-1, 0, 1]) times.add(storeTimestamp + near);
  const answers = await Promise.all(
    [...times].map(async (time) => [
      time,
      await store.offsetAt(topic, queueId, time),
      await store.offsetAt(topic, queueId, time, 'lower'),
      await store.offsetAt(topic, queueId, time, 'upper'),
    ]),
  );
  const expected = [...times].map((time) => {
    const [lower, upper] = byScan(messages, { minOffset, maxOffset }, time);
    return [time, lower, lower, upper];
  });
  expect(answers).toEqual(expected);
}

/** Appends in one turn: how much later the clock is, the queue, and how much body each has. */
type Turn = [later: number, queueId: number, bodies: number[]];
const turns = fc.array(
  fc.tuple(
    fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.integer({ min: -5, max: 100_000 }) }),
    fc.nat(1),
    fc.array(fc.nat(600), { minLength: 1, maxLength: 12 }),
  ),
  { minLength: 1, maxLength: 25 },
);

async function appendTurns(store: MessageStore, time: { now: number }, list: readonly Turn[]): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  for (const [later, queueId, bodies] of list) {
    time.now += later;
    const appends = bodies.map((length) => store.append({ topic: 'T', queueId, body: Buffer.alloc(length, 1) }));
    receipts.push(...(await Promise.all(appends)));
  }
  return receipts;
}

const runs = { numRuns: 15, seed: testSeed, endOnFailure: true };
const forAll = (check: (list: Turn[], more: Turn[]) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(turns, turns, check), runs);

test(
  'every time is found as a scan finds it, with equal times across files, while appending, after opening, and read-only',
  () =>
    forAll(async (list, more) => {
      const time = { now: begin };
      const directory = storeFolder();
      const writer = await timed(directory, time);
      await writer.createTopic('T', { queues: 2 });
      await appendTurns(writer, time, list);
      const follower = await openStore(directory, { readOnly: true });
      for (const queueId of [0, 1]) await expectAsScanned(writer, 'T', queueId);
      await appendTurns(writer, time, more);
      for (const queueId of [0, 1]) await expectAsScanned(writer, 'T', queueId);
      await writer.close();
      const opened = await openStore(directory, small);
      for (const store of [opened, follower]) for (const queueId of [0, 1]) await expectAsScanned(store, 'T', queueId);
      await Promise.all([opened.close(), follower.close()]);
    }),
  120_000,
);

test(
  'a topic that was deleted and made again is searched from where it begins now',
  () =>
    forAll(async (list, more) => {
      const time = { now: begin };
      const store = await timed(storeFolder(), time);
      await store.createTopic('T', { queues: 2 });
      await appendTurns(store, time, list);
      await store.offsetAt('T', 0, begin);
      await store.deleteTopic('T');
      expect(await rejectionOf(store.offsetAt('T', 0, begin))).toMatchObject({ code: 'UNKNOWN_TOPIC' });
      await store.createTopic('T', { queues: 2 });
      const { minOffset } = store.queue('T', 0);
      expect(minOffset).toBe(list.filter(([, queueId]) => queueId === 0).flatMap(([, , bodies]) => bodies).length);
      expect([await store.offsetAt('T', 0, begin), await store.offsetAt('T', 0, begin, 'upper')]).toEqual([
        minOffset,
        minOffset - 1,
      ]);
      await appendTurns(store, time, more);
      for (const queueId of [0, 1]) await expectAsScanned(store, 'T', queueId);
      await store.close();
    }),
  120_000,
);

/** Changes one bit of the log at a position. */
function flip(directory: string, position: number): void {
  const start = position - (position % fileBytes);
  const file = openSync(join(directory, 'commitlog', String(start).padStart(20, '0')), 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position - start);
  writeSync(file, Buffer.of((byte[0] as number) ^ 0x40), 0, 1, position - start);
}

test(
  'messages that are lost have no time: the nearest that can be read is found, and what the search met is told',
  () =>
    fc.assert(
      fc.asyncProperty(turns, fc.array(fc.nat(), { minLength: 1, maxLength: 12 }), fc.boolean(), async (list, bad, known) => {
        const time = { now: begin };
        const directory = storeFolder();
        const writer = await timed(directory, time);
        await writer.createTopic('T', { queues: 2 });
        const receipts = await appendTurns(writer, time, list);
        await writer.close();
        for (const at of new Set(bad.map((number) => number % receipts.length))) {
          const { position, size } = receipts[at] as Receipt;
          flip(directory, position + 56 + (at % (size - 56)));
        }
        // Without a side-car opening reads everything, and knows the losses before anybody searches.
        if (known) rmSync(join(directory, 'millrace'), { recursive: true });
        for (const options of [{ readOnly: true }, small]) {
          const searched = await openStore(directory, options);
          const [lower, upper] = [await searched.offsetAt('T', 0, time.now), await searched.offsetAt('T', 0, time.now, 'upper')];
          for (const { from } of searched.lost) expect(receipts.some(({ position }) => position === from)).toBe(true);
          const messages = await scan(searched, 'T', 0);
          expect([lower, upper]).toEqual(byScan(messages, searched.queue('T', 0), time.now));
          for (const queueId of [0, 1]) await expectAsScanned(searched, 'T', queueId);
          await searched.close();
        }
      }),
      runs,
    ),
  120_000,
);

test('a search sees nothing that readers do not see yet', async () => {
  const time = { now: begin };
  const store = await openStore(storeFolder(), {
    ...small,
    flush: { mode: 'async', intervalMs: 1000 },
    visibility: 'durable',
    clock: () => time.now,
  });
  await store.append({ topic: 'T', body: 'first' });
  await store.flush();
  time.now += 10;
  await store.append({ topic: 'T', body: 'second' });
  const { visible } = store.watermarks;
  const [lower, upper] = [await store.offsetAt('T', 0, begin + 10), await store.offsetAt('T', 0, begin + 10, 'upper')];
  if (store.watermarks.visible === visible) expect([lower, upper]).toEqual([1, 0]);
  await store.flush();
  expect(await store.offsetAt('T', 0, begin + 10, 'upper')).toBe(1);
});

test('a message that was just appended is found at once, whoever appends meanwhile', async () => {
  const time = { now: begin };
  const store = await timed(storeFolder(), time);
  for (let i = 0; i < 300; i++) {
    time.now += 1 + (i % 2);
    const [receipt] = await Promise.all([
      store.append({ topic: 'T', body: `${i}` }),
      store.append({ topic: 'T', body: 'of the same time' }),
    ]);
    const behind = store.append({ topic: 'T', body: 'later' });
    expect(await store.offsetAt('T', 0, time.now)).toBe(receipt.offset);
    expect(await store.offsetAt('T', 0, time.now - 1, 'upper')).toBe(receipt.offset - 1);
    await behind;
  }
});

test('large records that nobody has read since the open are looked at beside the event loop, by many searches at once', async () => {
  const time = { now: begin };
  const directory = storeFolder();
  const large: StoreOptions = { commitLog: { fileBytes: 2 ** 20 } };
  const writer = await openStore(directory, { ...large, clock: () => time.now });
  for (let i = 0; i < 12; i++, time.now += 10) await writer.append({ topic: 'T', body: Buffer.alloc(200_000, i) });
  await writer.close();
  const store = await openStore(directory, large);
  const times = Array.from({ length: 120 }, (_, i) => begin + i);
  const lower = Promise.all(times.map((at) => store.offsetAt('T', 0, at)));
  const upper = Promise.all(times.map((at) => store.offsetAt('T', 0, at, 'upper')));
  expect(await lower).toEqual(times.map((_, i) => Math.ceil(i / 10)));
  expect(await upper).toEqual(times.map((_, i) => Math.floor(i / 10)));
  const closing = store.offsetAt('T', 0, begin + 55);
  await store.close();
  expect(await closing).toBe(6);
});

test('an empty queue, a topic and a queue that are not there, and arguments that are wrong', async () => {
  const directory = storeFolder();
  const store = await openStore(directory, small);
  await store.createTopic('T');
  expect([await store.offsetAt('T', 0, begin), await store.offsetAt('T', 0, begin, 'upper')]).toEqual([0, -1]);
  const follower = await openStore(directory, { readOnly: true });
  expect([await follower.offsetAt('T', 0, begin), await follower.offsetAt('T', 0, begin, 'upper')]).toEqual([0, -1]);
  expect(await rejectionOf(store.offsetAt('nobody', 0, 0))).toMatchObject({ code: 'UNKNOWN_TOPIC' });
  expect(await rejectionOf(store.offsetAt('T', 1, 0))).toMatchObject({ code: 'UNKNOWN_QUEUE' });
  expect(store.topic('nobody')).toBeUndefined();
  // biome-ignore lint/suspicious/noExplicitAny: what a caller without a compiler may pass.
  const wrong: any[][] = [
    ['T', 0, 2 ** 53],
    ['T', 0, 0.5],
    ['T', 0, Number.NaN],
    ['T', 0, new Date()],
    ['T', 0, undefined],
    ['T', 0, 0, 'middle'],
    ['T', 0, 0, null],
    ['T', -1, 0],
    ['T', 2 ** 53, 0],
    [5, 0, 0],
  ];
  for (const [topic, queueId, timestamp, bound] of wrong)
    expect(await rejectionOf(store.offsetAt(topic, queueId, timestamp, bound))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  await store.close();
  expect(await rejectionOf(store.offsetAt('T', 0, 0))).toMatchObject({ code: 'NOT_OPEN' });
});

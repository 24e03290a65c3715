/**
 * Directories that we wrote, closed or killed, as RocketMQ's own store sees them: it loads, recovers and reads the same messages.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { MessageStore, type Receipt } from '../../dist/index.js';
import { copyOf, forJava, forUs, type Layout, layouts, manyFiles, newDirectory } from './directories.js';
import { type Given, Giver, makeTopics, newSeed } from './given.js';
import { appendUntilKilled } from './killed.js';
import { Referee, type RefereeState } from './referee.js';
import { expectGiven, expectReceipts, expectSound, type Seen, seenByJava, seenByUs } from './seen.js';

const seed = newSeed();
const SINGLES = 120;
const BATCHES = 12;
const BATCH_SIZE = 6;

describe.skipIf(!inject('referee').ok)(`RocketMQ opens what we wrote, seed ${seed}`, () => {
  for (const layout of layouts) {
    for (const flush of flushesFor(layout)) {
      test(`closed, flush ${flush}: every message, ${layout.name}`, async () => {
        const directory = newDirectory();
        const store = await MessageStore.open(directory, { ...forUs(layout), flush, storeHost: '[2001:db8::2]:10911' });
        const { given, receipts } = await appendSome(store, new Giver(seed));
        await store.flush();
        const ours = await seenByUs(store);
        await store.close();
        expectSound(ours);
        expectGiven(ours, given);
        expectReceipts(ours, receipts);
        expectRolled(directory, layout);
        await forEachVerification(directory, layout, (java, state) => {
          expect(state.abortWasThere).toBe(false);
          expect(java).toEqual(ours);
        });
      });

      test(`killed, flush ${flush}: at least what was acknowledged, nothing that was not given, ${layout.name}`, async () => {
        const directory = newDirectory();
        const giver = new Giver(seed);
        const job = {
          directory,
          options: { ...forUs(layout), flush },
          batches: Array.from({ length: BATCHES }, () => giver.batch(BATCH_SIZE)),
          singles: giver.messages(SINGLES),
        };
        const receipts = await appendUntilKilled(job, 400);
        expectRolled(directory, layout);
        const recovered = await MessageStore.open(copyOf(directory), forUs(layout));
        const ours = await seenByUs(recovered);
        await recovered.close();
        const batched = job.batches.flat();
        await forEachVerification(
          directory,
          layout,
          (java, state) => {
            expect(state.abortWasThere).toBe(true);
            expectSound(java);
            expectReceipts(java, receipts);
            expectGiven(
              java,
              java.map((_, k) => batched[k] ?? job.singles[(k - batched.length) % SINGLES]!),
            );
            expect(java).toEqual(ours);
          },
          manyFiles,
        );
      });
    }
  }

  test('stores made through the mapping are the same to it', async () => {
    const directory = newDirectory();
    const layout = layouts[0]!;
    const options = forUs(layout);
    const store = await MessageStore.open(directory, { ...options, commitLog: { ...options.commitLog, writeMode: 'mapped' } });
    const { given } = await appendSome(store, new Giver(seed));
    await store.close();
    await forEachVerification(directory, layout, (java) => expectGiven(java, given));
  });

  test('bodies of no byte and of nearly a whole file, and properties as long as they may be', async () => {
    const layout = layouts[2]!;
    const directory = newDirectory();
    const store = await MessageStore.open(directory, forUs(layout));
    const plain = { topic: 'Limits', queueId: 0, flag: 0, bornTimestamp: 1, bornHost: '127.0.0.1:0' };
    // Stored: name, two separators, value, and the 20 bytes of the checksum: 32,767 together.
    const longest = { ...plain, body: Buffer.from('x'), properties: { p: 'v'.repeat(32_767 - 20 - 3) } };
    const given: Given[] = [
      { ...plain, body: Buffer.alloc(0) },
      { ...plain, body: Buffer.alloc(layout.fileBytes - 1024, 0xa5) },
      longest,
      { ...plain, body: Buffer.alloc(layout.fileBytes - 1024, 0x5a) },
    ];
    for (const message of given) {
      await store.append(message);
    }
    await store.close();
    await forEachVerification(directory, layout, (java) => expectGiven(java, given));
  });
});

/** Singles and batches in turn, many in flight; `given` is in the order of the log. */
async function appendSome(store: MessageStore, giver: Giver): Promise<{ given: Given[]; receipts: Receipt[] }> {
  await makeTopics(store);
  const given: Given[] = [];
  const pending: Promise<Receipt | readonly Receipt[]>[] = [];
  for (let n = 0; n < BATCHES; n++) {
    const batch = giver.batch(BATCH_SIZE);
    const singles = giver.messages(SINGLES / BATCHES);
    given.push(...batch, ...singles);
    pending.push(store.appendBatch(batch), ...singles.map((message) => store.append(message)));
  }
  return { given, receipts: (await Promise.all(pending)).flat() };
}

async function forEachVerification(
  directory: string,
  layout: Layout,
  check: (messages: Seen[], state: RefereeState) => void,
  recoverMaxFiles?: number,
): Promise<void> {
  for (const forceVerifyPropCRC of [true, false]) {
    await using java = new Referee();
    const state = await java.open(copyOf(directory), {
      ...forJava(layout),
      forceVerifyPropCRC,
      checkPositions: true,
      recoverMaxFiles,
    });
    check(seenByJava(await java.readAll()), state);
  }
}

/** Both ways on the smallest files, one on each of the others: every look of RocketMQ at a store costs seconds. */
function flushesFor(layout: Layout): readonly ('sync' | 'async')[] {
  return layout === layouts[0] ? ['sync', 'async'] : layout === layouts[1] ? ['sync'] : ['async'];
}

/** The layouts with small files are there for their rolls. */
function expectRolled(directory: string, layout: Layout): void {
  if (layout.fileBytes < 1024 * 1024) {
    expect(readdirSync(join(directory, 'commitlog')).length).toBeGreaterThan(1);
  }
}

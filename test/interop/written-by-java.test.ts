/**
 * Directories that RocketMQ's own store wrote, shut down or halted, opened by us: the same messages, and still its own store
 * afterwards.
 */
import { describe, expect, inject, test } from 'vitest';
import { MessageStore } from '../../dist/index.js';
import { copyOf, forJava, forUs, layouts, newDirectory, waysToWrite } from './directories.js';
import { Giver, newSeed } from './given.js';
import { Referee } from './referee.js';
import { expectGiven, expectReceipts, expectSound, type Seen, seenByJava, seenByUs } from './seen.js';

const seed = newSeed();
const small = layouts[0]!;

describe.skipIf(!inject('referee').ok)(`we open what RocketMQ wrote, seed ${seed}`, () => {
  for (const { layout, appendPropCRC, exit } of waysToWrite) {
    test(`every message: ${layout.name}, checksums ${appendPropCRC ? 'on' : 'off'}, exit ${exit}`, async () => {
      const directory = newDirectory();
      await using java = new Referee();
      const written = await java.generate(directory, { ...forJava(layout), appendPropCRC, exit, seed, messages: 200 });
      const store = await MessageStore.open(directory, forUs(layout));
      expect(store.recovery.cleanShutdown).toBe(exit === 'clean');
      expect(store.recovery.lost).toEqual([]);
      const ours = await seenByUs(store);
      await store.close();
      expectSound(ours);
      expectGiven(ours, written);
      expectReceipts(ours, written);
      expect(await readByJava(directory)).toEqual(ours);

      async function readByJava(from: string): Promise<Seen[]> {
        await using reader = new Referee();
        const settings = { ...forJava(layout), forceVerifyPropCRC: appendPropCRC, checkPositions: true };
        expect((await reader.open(copyOf(from), settings)).abortWasThere).toBe(false);
        return seenByJava(await reader.readAll());
      }
    });
  }

  test('everything acknowledged before it was halted in the middle of appending', async () => {
    const directory = newDirectory();
    const messages = new Giver(seed).messages(50);
    await using java = new Referee();
    await java.open(directory, forJava(small));
    const receipts = await java.appendAndHalt(messages, 400);
    const store = await MessageStore.open(directory, forUs(small));
    const ours = await seenByUs(store);
    await store.close();
    expectSound(ours);
    expectReceipts(ours, receipts);
    expectGiven(
      ours,
      ours.map((_, k) => messages[k % messages.length]!),
    );
  });

  test('without being told the sizes of its files', async () => {
    const directory = newDirectory();
    await using java = new Referee();
    const written = await java.generate(directory, { ...forJava(small), seed });
    const store = await MessageStore.open(directory);
    expectGiven(await seenByUs(store), written);
    await store.close();
  });

  test('read-only, without changing what the next reader finds', async () => {
    const directory = newDirectory();
    await using java = new Referee();
    const written = await java.generate(directory, { ...forJava(small), seed, exit: 'halt' });
    const store = await MessageStore.open(directory, { ...forUs(small), index: true, readOnly: true });
    expectGiven(await seenByUs(store), written);
    await store.close();
    await using reader = new Referee();
    expect((await reader.open(directory, forJava(small))).abortWasThere).toBe(true);
    expectGiven(seenByJava(await reader.readAll()), written);
  });
});

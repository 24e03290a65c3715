/** RocketMQ's store against itself: that it keeps, through this driver, what it is given; and that it refuses what it should. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { copyOf, forJava, layouts, manyFiles, newDirectory, waysToWrite } from './directories.js';
import { Giver, newSeed } from './given.js';
import { Referee } from './referee.js';
import { expectGiven, expectReceipts, expectSound, seenByJava } from './seen.js';

const small = layouts[0]!;
const seed = newSeed();

describe.skipIf(!inject('referee').ok)(`the referee, seed ${seed}`, () => {
  for (const { layout, appendPropCRC, exit } of waysToWrite) {
    test(`reads back what it wrote: ${layout.name}, checksums ${appendPropCRC ? 'on' : 'off'}, exit ${exit}`, async () => {
      const directory = newDirectory();
      const settings = { ...forJava(layout), appendPropCRC, forceVerifyPropCRC: appendPropCRC };
      await using writer = new Referee();
      const written = await writer.generate(directory, { ...settings, seed, exit, messages: 150 });
      await using reader = new Referee();
      const state = await reader.open(directory, settings);
      expect(state.abortWasThere).toBe(exit === 'halt');
      const seen = seenByJava(await reader.readAll());
      expectSound(seen);
      expectGiven(seen, written);
      expectReceipts(seen, written);
      expect(state.maxPosition).toBe(seen.at(-1)!.position + seen.at(-1)!.size);
    });
  }

  test('keeps what it acknowledged before it was halted in the middle of appending', async () => {
    const directory = newDirectory();
    const messages = new Giver(seed).messages(40);
    await using writer = new Referee();
    await writer.open(directory, forJava(small));
    const receipts = await writer.appendAndHalt(messages, 300);
    expect(receipts).toHaveLength(300);
    await using reader = new Referee();
    const state = await reader.open(directory, { ...forJava(small), recoverMaxFiles: manyFiles });
    expect(state.abortWasThere).toBe(true);
    const seen = seenByJava(await reader.readAll());
    expectSound(seen);
    expectReceipts(seen, receipts);
    expectGiven(
      seen,
      seen.map((_, k) => messages[k % messages.length]!),
    );
  });

  test('finds a message by its key after its index was rebuilt', async () => {
    const directory = newDirectory();
    await using writer = new Referee();
    await writer.open(directory, forJava(small));
    await writer.append([{ topic: 'T', queueId: 0, body: Buffer.from('found'), keys: 'one two' }]);
    await writer.halt();
    await using reader = new Referee();
    await reader.open(directory, forJava(small));
    expect((await reader.find('T', 'two')).map(({ body }) => body.toString())).toEqual(['found']);
    expect(await reader.find('T', 'three')).toEqual([]);
  });

  test('sees one changed byte of a property only when it is told to verify whole records', async () => {
    const directory = newDirectory();
    await using writer = new Referee();
    await writer.open(directory, { ...forJava(small), appendPropCRC: true });
    const message = { topic: 'T', queueId: 0, body: Buffer.from('body') };
    await writer.append([message, { ...message, properties: { name: 'precious' } }]);
    await writer.halt();
    const log = join(directory, 'commitlog', readdirSync(join(directory, 'commitlog'))[0]!);
    const bytes = readFileSync(log);
    bytes.write('spurious', bytes.indexOf('precious'));
    writeFileSync(log, bytes);
    for (const forceVerifyPropCRC of [true, false]) {
      await using reader = new Referee();
      const { maxPosition } = await reader.open(copyOf(directory), { ...forJava(small), forceVerifyPropCRC });
      expect(await reader.readAll()).toHaveLength(forceVerifyPropCRC ? 1 : 2);
      expect(maxPosition).toBeLessThan(small.fileBytes);
    }
  });

  test('refuses a stray file in the commit log, and says so', async () => {
    const directory = newDirectory();
    await using writer = new Referee();
    await writer.generate(directory, { ...forJava(small), messages: 5 });
    writeFileSync(join(directory, 'commitlog', 'stray'), 'text');
    await using reader = new Referee();
    await expect(reader.open(directory, forJava(small))).rejects.toThrow(/refuses to load/);
  });
});

/**
 * RocketMQ was here since: it appended to, or cut, a store of ours while our own folder still describes the log as we left it.
 *
 * What RocketMQ then shows is the truth, also where it dropped what we held durable: its consumers have seen that log. What it cut
 * stays in the file behind its end (B5, B17 of its known behaviour) and must never come back.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { MessageStore, type StoreOptions } from '../../dist/index.js';
import { copyOf, forJava, forUs, type Layout, layouts, manyFiles, newDirectory } from './directories.js';
import { type Given, Giver, makeTopics, newSeed, queuesOf } from './given.js';
import { appendUntilKilled } from './killed.js';
import { Referee } from './referee.js';
import { expectGiven, expectReceipts, expectSound, type Seen, seenByJava, seenByUs } from './seen.js';

const seed = newSeed();
const small = layouts[0]!;
const large = layouts[1]!;
const blankMagic = 0xcbd43194;

describe.skipIf(!inject('referee').ok)(`RocketMQ wrote to our store meanwhile, seed ${seed}`, () => {
  for (const exit of ['clean', 'halt'] as const) {
    test(`it appended after our clean close, exit ${exit}: we take its messages in and go on`, async () => {
      const directory = newDirectory();
      const giver = new Giver(seed);
      const before = await fill(directory, giver.messages(50), forUs(small));
      const appended = giver.messages(30);
      const theirs = await appendByJava(directory, appended, exit);
      expect(theirs.slice(0, before.length)).toEqual(before);
      expectGiven(theirs.slice(before.length), appended);
      const said: string[] = [];
      await expectWeAgree(directory, theirs, { ...forUs(small), logger: logger(said) });
      expect(said.join()).toContain('Another program wrote');
      said.length = 0;
      const again = await MessageStore.open(directory, { ...forUs(small), logger: logger(said) });
      expect([again.recovery.cleanShutdown, again.recovery.scannedBytes, said]).toEqual([true, 0, []]);
      await again.close();
    });

    test(`it recovered what a kill left torn, exit ${exit}: the log is the one it made of it`, async () => {
      const directory = newDirectory();
      const giver = new Giver(seed);
      const job = { directory, options: forUs(large), batches: [], singles: giver.messages(40) };
      const receipts = await appendUntilKilled(job, 100);
      const last = (await seenInCopy(directory, large)).at(-1)!;
      overwrite(directory, last.position + 50, Buffer.alloc(last.size - 50));
      const theirs = await appendByJava(directory, giver.messages(5), exit, large);
      expectReceipts(
        theirs,
        receipts.filter(({ position }) => position < last.position),
      );
      await expectWeAgree(directory, theirs, forUs(large));
    });

    for (const left of ['closed', 'killed'] as const) {
      for (const layout of [small, large]) {
        test(`it dropped what follows a damaged record of a store we ${left}, exit ${exit}, ${layout.name}: the dropped ones never come back`, async () => {
          const directory = newDirectory();
          const giver = new Giver(seed);
          const messages = giver.messages(100);
          if (left === 'closed') {
            await fill(directory, messages, forUs(layout));
          } else {
            await appendUntilKilled({ directory, options: forUs(layout), batches: [], singles: messages }, 64);
          }
          const ours = await seenInCopy(directory, layout);
          // In the last file: after a clean close RocketMQ looks no further back.
          const inLast = ours.findIndex(({ position }) => position >= startOfLastFile(directory));
          const damaged = Math.max(ours.length - 12, Math.min(inLast + 1, ours.length - 1));
          overwrite(directory, ours[damaged]!.position + 4, Buffer.from([0]));
          const appended = giver.messages(3);
          const theirs = await appendByJava(directory, appended, exit, layout);
          expect(theirs.slice(0, -3)).toEqual(ours.slice(0, damaged));
          expectGiven(theirs.slice(-3), appended);
          await expectWeAgree(directory, theirs, forUs(layout));
        });
      }
    }
  }

  test('what it wrote over a damaged record ends exactly where an older one begins: that one does not come back either', async () => {
    const directory = newDirectory();
    const message = { topic: 'Even', queueId: 0, body: Buffer.alloc(100), flag: 0, bornTimestamp: 1, bornHost: '127.0.0.1:0' };
    const ours = await fill(
      directory,
      [0, 1, 2, 3, 4, 5].map(() => message),
      forUs(large),
    );
    overwrite(directory, ours[2]!.position + 4, Buffer.from([0]));
    // RocketMQ writes no checksum: 20 bytes more of body make up for it.
    const theirs = await appendByJava(directory, [{ ...message, body: Buffer.alloc(120) }], 'clean', large);
    expect(theirs.at(-1)!.position + theirs.at(-1)!.size).toBe(ours[3]!.position);
    await expectWeAgree(directory, theirs, forUs(large));
  });

  test('a BLANK at the very end: we go on in the next file, RocketMQ overwrites it, and each reads what the other made of it', async () => {
    const original = newDirectory();
    const giver = new Giver(seed);
    const before = await fill(original, giver.messages(8), forUs(large));
    const end = before.at(-1)!.position + before.at(-1)!.size;
    const blank = Buffer.alloc(8);
    blank.writeUInt32BE(large.fileBytes - end, 0);
    blank.writeUInt32BE(blankMagic, 4);
    overwrite(original, end, blank);

    const ourTurn = copyOf(original);
    const [next] = await fill(ourTurn, giver.messages(1), forUs(large), before);
    expect(next!.position).toBe(large.fileBytes);
    await using java = new Referee();
    await java.open(copyOf(ourTurn), forJava(large));
    expect(seenByJava(await java.readAll())).toEqual([...before, next]);

    const theirs = await appendByJava(original, giver.messages(1), 'clean', large);
    expect(theirs.at(-1)!.position).toBe(end);
    await expectWeAgree(original, theirs, forUs(large));
  });

  test('it reads the topics that we keep for it', async () => {
    const directory = newDirectory();
    await fill(directory, new Giver(seed).messages(20), forUs(small));
    await using java = new Referee();
    const text = readFileSync(join(directory, 'config', 'topics.json'), 'utf8');
    const queues = { readQueueNums: 0, writeQueueNums: 0, perm: 6, order: false };
    expect(await java.parseTopics(text)).toMatchObject(
      Object.fromEntries(
        Object.entries(queuesOf).map(([name, count]) => [
          name,
          { ...queues, topicName: name, readQueueNums: count, writeQueueNums: count },
        ]),
      ),
    );
  });
});

/** Appends and closes; returns what was added behind `before`. */
async function fill(directory: string, messages: Given[], options: StoreOptions, before: Seen[] = []): Promise<Seen[]> {
  const store = await MessageStore.open(directory, options);
  await makeTopics(store);
  await Promise.all(messages.map((message) => store.append(message)));
  const seen = await seenByUs(store);
  await store.close();
  expect(seen.slice(0, before.length)).toEqual(before);
  expectGiven(seen.slice(before.length), messages);
  return seen.slice(before.length);
}

/** One turn of RocketMQ, without checksums of whole records, as is its default. Returns all that it then shows. */
async function appendByJava(directory: string, messages: Given[], exit: 'clean' | 'halt', layout: Layout = small): Promise<Seen[]> {
  await using java = new Referee();
  await java.open(directory, { ...forJava(layout), recoverMaxFiles: manyFiles });
  await java.append(messages);
  const seen = seenByJava(await java.readAll());
  expectSound(seen);
  await (exit === 'clean' ? java.close() : java.halt());
  return seen;
}

/** We see what RocketMQ showed, then append; RocketMQ sees that too. */
async function expectWeAgree(directory: string, theirs: Seen[], options: StoreOptions): Promise<void> {
  const layout = options.commitLog?.fileBytes === small.fileBytes ? small : large;
  const more = new Giver(seed + 1).messages(5);
  const added = await fill(directory, more, options, theirs);
  await using java = new Referee();
  await java.open(copyOf(directory), forJava(layout));
  expect(seenByJava(await java.readAll())).toEqual([...theirs, ...added]);
}

async function seenInCopy(directory: string, layout: Layout): Promise<Seen[]> {
  const store = await MessageStore.open(copyOf(directory), forUs(layout));
  const seen = await seenByUs(store);
  await store.close();
  return seen;
}

function overwrite(directory: string, position: number, bytes: Buffer): void {
  const names = readdirSync(join(directory, 'commitlog')).sort();
  const name = names.findLast((start) => Number(start) <= position)!;
  const file = openSync(join(directory, 'commitlog', name), 'r+');
  writeSync(file, bytes, 0, bytes.length, position - Number(name));
  closeSync(file);
}

function startOfLastFile(directory: string): number {
  return Math.max(...readdirSync(join(directory, 'commitlog')).map(Number));
}

function logger(said: string[]): NonNullable<StoreOptions['logger']> {
  const say = (sentence: string): void => void said.push(sentence);
  return { debug: say, info: say, warn: say, error: say };
}

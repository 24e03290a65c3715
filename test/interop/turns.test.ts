/**
 * One directory, RocketMQ's store and ours in turn, three times each: whoever opens it goes on where the other ended.
 *
 * After each turn both read a copy, and see the same: what was there before, unchanged, and behind it what this turn appended.
 * Ends are either clean or sudden (our process gets SIGKILL, the JVM halts, both in the middle of appending).
 */
import { describe, expect, inject, test } from 'vitest';
import { MessageStore, type Receipt } from '../../dist/index.js';
import { copyOf, forJava, forUs, layouts, manyFiles, newDirectory } from './directories.js';
import { type Given, Giver, makeTopics, newSeed } from './given.js';
import { appendUntilKilled } from './killed.js';
import { Referee, type RefereeReceipt } from './referee.js';
import { expectGiven, expectReceipts, expectSound, type Seen, seenByJava, seenByUs } from './seen.js';

const seed = newSeed();
const layout = layouts[0]!;
const ROUNDS = 3;
const BATCHES = 3;
const BATCH_SIZE = 5;
const SINGLES = 25;
const KILL_AFTER = 120;

type Actor = 'Millrace' | 'RocketMQ';
interface Turn {
  batches: Given[][];
  singles: Given[];
}

describe.skipIf(!inject('referee').ok)(`Millrace and RocketMQ take turns, seed ${seed}`, () => {
  for (const first of ['Millrace', 'RocketMQ'] as const) {
    for (const ending of ['clean', 'sudden'] as const) {
      // Each of the four with one of the two: a turn of RocketMQ costs seconds.
      for (const checksums of [(first === 'Millrace') === (ending === 'clean')]) {
        const records = checksums ? 'with checksums from both' : 'with checksums from Millrace only';
        test(`${first} begins, ${ending} ends, ${records}: both always read the same`, async () => {
          const directory = newDirectory();
          const settings = {
            ...forJava(layout),
            appendPropCRC: checksums,
            forceVerifyPropCRC: checksums,
            recoverMaxFiles: manyFiles,
          };
          const giver = new Giver(seed);
          const order: Actor[] = first === 'Millrace' ? ['Millrace', 'RocketMQ'] : ['RocketMQ', 'Millrace'];
          let before: Seen[] = [];
          for (let round = 0; round < ROUNDS; round++) {
            for (const actor of order) {
              const turn = {
                batches: Array.from({ length: BATCHES }, () => giver.batch(BATCH_SIZE)),
                singles: giver.messages(SINGLES),
              };
              const take = actor === 'Millrace' ? millraceTurn : rocketTurn;
              const receipts = await take(turn, before);
              before = await agreement(before, turn, receipts);
            }
          }

          async function millraceTurn(turn: Turn, before: Seen[]): Promise<readonly Receipt[]> {
            if (ending === 'sudden') {
              return appendUntilKilled({ directory, options: forUs(layout), ...turn }, KILL_AFTER);
            }
            const store = await MessageStore.open(directory, forUs(layout));
            expect(await seenByUs(store)).toEqual(before);
            await makeTopics(store);
            const pending = [
              ...turn.batches.map((batch) => store.appendBatch(batch)),
              ...turn.singles.map((message) => store.append(message)),
            ];
            const receipts = (await Promise.all<Receipt | readonly Receipt[]>(pending)).flat();
            await store.close();
            return receipts;
          }

          async function rocketTurn(turn: Turn, before: Seen[]): Promise<readonly RefereeReceipt[]> {
            await using java = new Referee();
            await java.open(directory, settings);
            expect(seenByJava(await java.readAll())).toEqual(before);
            const receipts: RefereeReceipt[] = [];
            for (const batch of turn.batches) {
              receipts.push(...(await java.append(batch, { batch: true })));
            }
            if (ending === 'sudden') {
              receipts.push(...(await java.appendAndHalt(turn.singles, KILL_AFTER)));
            } else {
              receipts.push(...(await java.append(turn.singles)));
              await java.close();
            }
            return receipts;
          }

          /** What both see now. Fails if they differ, or if it is not `before` and then this turn's messages in order. */
          async function agreement(before: Seen[], turn: Turn, receipts: readonly RefereeReceipt[]): Promise<Seen[]> {
            await using java = new Referee();
            await java.open(copyOf(directory), settings);
            const theirs = seenByJava(await java.readAll());
            const store = await MessageStore.open(copyOf(directory), forUs(layout));
            const ours = await seenByUs(store);
            await store.close();
            expect(ours).toEqual(theirs);
            expectSound(ours);
            expect(ours.slice(0, before.length)).toEqual(before);
            const added = ours.slice(before.length);
            const batched = turn.batches.flat();
            expectReceipts(added, receipts);
            expect(added.length).toBeGreaterThanOrEqual(receipts.length);
            if (ending === 'clean') {
              expect(added).toHaveLength(batched.length + SINGLES);
            }
            expectGiven(
              added,
              added.map((_, k) => batched[k] ?? turn.singles[(k - batched.length) % SINGLES]!),
            );
            return ours;
          }
        });
      }
    }
  }
});

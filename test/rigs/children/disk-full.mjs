/**
 * A store on a file system that becomes full: `node disk-full.mjs <directory> <sync|async> <pwrite|mapped>`. Prints as JSON what callers saw. The
 * directory's parent is the file system; a filler file takes what is left of it, and gives it back.
 */
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MessageStore } from '../../../dist/index.js';
import { bodiesOf, outcomeOf, outcomeOfCall } from './outcome.mjs';

const [directory, mode, writeMode] = process.argv.slice(2);
const filler = join(dirname(directory), 'filler');

/** Leaves so many bytes, as near as blocks allow. */
function fill(leaving) {
  const file = openSync(filler, 'a');
  const piece = Buffer.alloc(4096, 1);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(directory);
      if (bavail * bsize <= leaving || writeSync(file, piece) === 0) break;
    }
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
  closeSync(file);
}

const told = [];
const options = {
  flush: mode,
  commitLog: { fileBytes: 1024 * 1024, writeMode },
  consumeQueue: { entriesPerFile: 500 },
  onBackgroundError: ({ code }) => told.push(code),
};
const store = await MessageStore.open(directory, options);
const expected = [];
const body = (n) => `${n} `.padEnd(900 + (n % 200), `${n % 10}`);
let number = 0;

/** Appends until one is refused, in turns of twenty; what the refused ones said. */
async function appendUntilFull(limit) {
  for (let turn = 0; turn < limit; turn++) {
    const wave = Array.from({ length: 20 }, () => {
      const text = body(number++);
      return { text, outcome: outcomeOf(store.append({ topic: 'T', body: text })) };
    });
    const outcomes = await Promise.all(wave.map(async ({ text, outcome }) => ({ text, ...(await outcome) })));
    const refused = outcomes.findIndex(({ code }) => code !== undefined);
    for (const { text, value } of refused < 0 ? outcomes : outcomes.slice(0, refused)) {
      if (value !== expected.length) throw new Error(`offset ${value} instead of ${expected.length}`);
      expected.push(text);
    }
    if (refused >= 0) return outcomes.slice(refused).map(({ text, ...outcome }) => outcome);
  }
  throw new Error('the disk did not become full');
}

async function sameAsExpected(from) {
  const bodies = await bodiesOf(from, 'T');
  return bodies.length === expected.length && bodies.every((text, offset) => text === expected[offset]);
}

await store.append({ topic: 'Doomed', body: 'x' });
const rounds = [];
for (const leaving of [200_000, 0, 3_000]) {
  fill(leaving);
  const refused = await appendUntilFull(20_000);
  const round = { refused, status: store.status, reads: await sameAsExpected(store), pendingBytes: store.pendingBytes };
  const large = { topic: 'T', body: Buffer.alloc(600_000) };
  round.still = await outcomeOf(store.append(large));
  round.batch = await outcomeOf(store.appendBatch([large]));
  round.sync = outcomeOfCall(() => store.appendSync(large));
  round.drained = await outcomeOf(store.drained());
  rmSync(filler);
  const text = body(number++);
  round.freed = await outcomeOf(store.append({ topic: 'T', body: text }));
  round.inOrder = round.freed.value === expected.length;
  expected.push(text);
  round.readsAgain = await sameAsExpected(store);
  rounds.push(round);
}

fill(0);
await appendUntilFull(20_000);
const deleting = await outcomeOf(store.deleteTopic('Doomed'));
rmSync(filler);
const deletingAgain = await outcomeOf(store.deleteTopic('Doomed'));
const sync = outcomeOfCall(() => store.appendSync({ topic: 'T', body: 'last' }));
expected.push('last');
const result = { rounds, deleting, deletingAgain, sync, status: store.status };
result.close = await outcomeOf(store.close());

const next = await MessageStore.open(directory, options);
const { cleanShutdown, newlyLost, truncatedBytes } = next.recovery;
const topics = next.topics().map(({ name }) => name);
result.next = { cleanShutdown, newlyLost, truncatedBytes, topics, same: await sameAsExpected(next) };

// And once more, ended by nobody: what was refused must not come back.
fill(0);
for (;;) {
  const text = body(number++);
  const { code, value } = await outcomeOf(next.append({ topic: 'T', body: text }));
  if (code !== undefined) break;
  if (value !== expected.length) throw new Error(`offset ${value} instead of ${expected.length}`);
  expected.push(text);
}
result.told = [...new Set(told)];
result.expected = expected;
process.stdout.write(JSON.stringify(result));

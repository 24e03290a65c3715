/**
 * A store whose fdatasync begins to fail: `node failed-sync.mjs <directory> <sync|async> <pwrite|mapped> <part of the path that fails>`. Prints as JSON
 * what became of everything that was waiting, of what came later, and of the store opened again.
 */
import { existsSync } from 'node:fs';
// By the clock, because what must not happen is announced by nothing.
import { setTimeout as pause } from 'node:timers/promises';
import { MessageStore } from '../../../dist/index.js';
import { setFaults } from '../shim/control.mjs';
import { bodiesOf, outcomeOf, outcomeOfCall } from './outcome.mjs';

const [directory, mode, writeMode, only] = process.argv.slice(2);
const told = [];
const options = {
  flush: { mode, intervalMs: 60_000 },
  visibility: 'durable',
  commitLog: { fileBytes: 1024 * 1024, writeMode },
  onBackgroundError: ({ code, message }) => told.push({ code, message }),
};
const store = await MessageStore.open(directory, options);
const durable = { durability: 'durable' };
const message = (body) => ({ topic: 'T', body });

const acknowledged = [];
for (let n = 0; n < 20; n++) acknowledged.push((await store.append(message(`acknowledged ${n}`), durable)).offset);
await store.append({ topic: 'Doomed', body: 'x' }, durable);
const before = store.watermarks;

/** How many messages a subscription yields before it throws. */
async function follow(options) {
  let count = 0;
  const reading = async () => {
    for await (const _ of store.subscribe({ topic: 'T', ...options })) count++;
  };
  const outcome = await outcomeOf(reading());
  return { ...outcome, value: count };
}
const following = { caughtUp: follow({ from: 'latest' }), wait: outcomeOf(store.waitFor('T', 0, 20)) };

setFaults({ fdatasync: { error: 5 }, fsync: { error: 5 } }, only);
const waiting = {
  appends: Promise.all(Array.from({ length: 30 }, (_, n) => outcomeOf(store.append(message(`waiting ${n}`), durable)))),
  batch: outcomeOf(store.appendBatch([message('batch'), message('batch')], durable)),
  limited: outcomeOf(store.append(message('limited'), { ...durable, timeoutMs: 60_000 })),
  deleting: outcomeOf(store.deleteTopic('Doomed')),
  flush: outcomeOf(store.flush()),
  reached: outcomeOf(store.reached('durable', before.durable + 1)),
};
const result = { acknowledged: acknowledged.length, waiting: {} };
for (const [name, outcome] of Object.entries(waiting)) result.waiting[name] = await outcome;

async function later() {
  const end = store.watermarks.written;
  return {
    append: await outcomeOf(store.append(message('later'), durable)),
    written: await outcomeOf(store.append(message('later'), { durability: 'written' })),
    batch: await outcomeOf(store.appendBatch([message('later')])),
    sync: outcomeOfCall(() => store.appendSync(message('later'))),
    queue: await outcomeOf(store.queue('T', 0).append({ body: 'later' })),
    flush: await outcomeOf(store.flush()),
    reached: await outcomeOf(store.reached('durable', end)),
    deleting: await outcomeOf(store.deleteTopic('T')),
    drained: await outcomeOf(store.drained()),
  };
}
result.later = await later();
setFaults({});
result.laterStill = await later();
await pause(300);

result.status = store.status;
result.failure = { code: store.failure?.code, message: store.failure?.message };
result.marks = { before, after: store.watermarks };
result.pendingBytes = store.pendingBytes;
result.visible = await bodiesOf(store, 'T');
following.late = follow({});
following.lateWait = outcomeOf(store.waitFor('T', 0, 20));
following.there = outcomeOf(store.waitFor('T', 0, 19));
result.following = {};
for (const [name, outcome] of Object.entries(following)) result.following[name] = await outcome;
[result.close, result.closeAgain] = await Promise.all([outcomeOf(store.close()), outcomeOf(store.close())]);
result.closed = store.status;
result.abort = existsSync(`${directory}/abort`);
result.told = told;

const next = await MessageStore.open(directory, { ...options, flush: 'sync' });
const { cleanShutdown, newlyLost } = next.recovery;
result.next = { status: next.status, cleanShutdown, newlyLost, bodies: await bodiesOf(next, 'T') };
result.next.append = await outcomeOf(next.append(message('next')));
await next.close();
process.stdout.write(JSON.stringify(result));

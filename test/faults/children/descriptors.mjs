/**
 * A process that has used up its descriptors: `node descriptors.mjs <directory>`, with a small `ulimit -n`. Prints as JSON what callers of a store
 * saw of it, and what they saw once there were descriptors again.
 */
import { closeSync, openSync } from 'node:fs';
// By the clock, because nothing announces that the background has tried, and failed, to open a file.
import { setTimeout as pause } from 'node:timers/promises';
import { MessageStore } from '../../../dist/index.js';

const directory = process.argv[2];
const taken = [];

function takeAll() {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
}
function giveBack() {
  for (const file of taken.splice(0)) closeSync(file);
}
async function outcomeOf(promise) {
  try {
    const value = await promise;
    return { value: value?.offset ?? value?.messages?.length ?? 'done' };
  } catch ({ code, stored, retriable, message, details }) {
    return { code, stored, retriable, message, details };
  }
}

const told = [];
const options = {
  commitLog: { fileBytes: 65536 },
  consumeQueue: { entriesPerFile: 10 },
  onBackgroundError: ({ code }) => told.push(code),
};
const store = await MessageStore.open(directory, options);
const message = { topic: 'T', body: Buffer.alloc(5000) };
let acknowledged = 0;
for (let n = 0; n < 200; n++) {
  await store.append(message);
  acknowledged++;
}
// The queue's first files and those of the log are not kept open any more.
await pause(300);
takeAll();
const result = { roll: undefined };
for (let n = 0; n < 40 && result.roll === undefined; n++) {
  const outcome = await outcomeOf(store.append(message));
  if (outcome.code === undefined) acknowledged++;
  else result.roll = outcome;
}
result.again = await outcomeOf(store.append(message));
result.open = await outcomeOf(MessageStore.open(`${directory}-other`));
result.topic = await outcomeOf(store.createTopic('U'));
result.status = store.status;
await pause(300);
result.statusLater = store.status;

giveBack();
result.after = (await outcomeOf(store.append(message))).value === acknowledged;
acknowledged++;
result.topicAfter = (await store.createTopic('U')).name;
result.openAfter = await outcomeOf(MessageStore.open(`${directory}-other`).then((other) => other.close()));
let count = 0;
for (let offset = 0; ; ) {
  const { messages, nextOffset, maxOffset } = await store.read('T', 0, offset);
  count += messages.length;
  offset = nextOffset;
  if (offset >= maxOffset) break;
}
result.readAll = count === acknowledged;
result.told = [...new Set(told)];
result.close = await outcomeOf(store.close());
const next = await MessageStore.open(directory, options);
result.next = { clean: next.recovery.cleanShutdown, all: next.queue('T', 0).maxOffset === acknowledged };
await next.close();
process.stdout.write(JSON.stringify(result));

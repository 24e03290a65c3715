/**
 * Opens a store, appends to or reads from each of very many queues, and tells what it took. Meant to be started with few descriptors.
 *
 * Arguments: `append`, `append-and-die` or `read`, the directory, topics, queues of each topic, messages to append to each queue, and how many
 * it has. Prints one line of JSON: milliseconds of opening, working and closing, the highest resident memory and number of open files seen,
 * and how many messages were right.
 */
import { readdirSync } from 'node:fs';
import { MessageStore } from '../../dist/index.js';

const [task, directory, ...counts] = process.argv.slice(2);
const [topics, queues, perQueue, from] = counts.map(Number);
let rss = 0;
let descriptors = 0;

function look() {
  rss = Math.max(rss, process.memoryUsage.rss());
  descriptors = Math.max(descriptors, readdirSync('/proc/self/fd').length);
}

async function appendAll(store) {
  for (let t = 0; t < topics; t++) await store.createTopic(`many-${t}`, { queues });
  for (let round = from; round < from + perQueue; round++) {
    for (let t = 0; t < topics; t++) {
      const all = [];
      for (let queueId = 0; queueId < queues; queueId++) {
        all.push(store.append({ topic: `many-${t}`, queueId, body: `${t}/${queueId}/${round}` }));
      }
      await Promise.all(all);
      look();
    }
  }
  return topics * queues * perQueue;
}

async function readAll(store) {
  let right = 0;
  for (let t = 0; t < topics; t++) {
    for (let queueId = 0; queueId < queues; queueId++) {
      const { messages } = await store.read(`many-${t}`, queueId, 0);
      right += messages.filter((message, round) => message.body.toString() === `${t}/${queueId}/${round}`).length;
      if (messages.length !== from) throw new Error(`queue ${t}/${queueId} has ${messages.length} messages`);
    }
    look();
  }
  return right;
}

const begin = performance.now();
const store = await MessageStore.open(directory, {
  flush: 'async',
  consumeQueue: { entriesPerFile: 1000 },
  commitLog: { fileBytes: 8 << 20 },
});
const opened = performance.now();
look();
const messages = await (task === 'read' ? readAll(store) : appendAll(store));
const { cleanShutdown, rebuiltQueueEntries } = store.recovery;
const worked = performance.now();
if (task !== 'append-and-die') await store.close();
const closed = performance.now();
look();
const numbers = { openMs: opened - begin, workMs: worked - opened, closeMs: closed - worked, rss, descriptors, messages };
process.stdout.write(`${JSON.stringify({ ...numbers, cleanShutdown, rebuiltQueueEntries })}\n`);
if (task === 'append-and-die') process.kill(process.pid, 'SIGKILL');

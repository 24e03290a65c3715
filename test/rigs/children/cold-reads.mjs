/**
 * Reads a store whose disk is slow and whose files are not in memory, in one way or in all at once, and tells how late a timer of the same
 * event loop was: `node cold-reads.mjs <directory> <options as JSON>`.
 *
 * Options: `loads`, names of those below; `atOnce`, how many of each; `milliseconds` to go on; `delayMs` of each read of the disk from
 * when the store is open; `control`, the disk's, beside which is a list of the place of each message in the log; `readOnly`; `seed`.
 * Every answer is checked. Prints as JSON what the timer met, and how much each load read.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { MessageStore } from '../../../dist/index.js';
import { bodyBytes, messageOf, options, queues, timeOf, topics } from './cold-shape.mjs';
import { LateTimer } from './late.mjs';

const [directory, asked] = process.argv.slice(2);
const { loads, atOnce, milliseconds, delayMs, control, readOnly, seed } = JSON.parse(asked);
const places = JSON.parse(readFileSync(`${control}.places`, 'utf8'));
const count = places.length;
let state = seed | 0;

function random(limit) {
  state = (Math.imul(state, 1103515245) + 12345) | 0;
  return Math.floor(((state >>> 8) / 2 ** 24) * limit);
}

const store = await MessageStore.open(directory, readOnly ? { readOnly } : options);
const timer = new LateTimer();
let isOver = false;
const perQueue = Math.floor(count / (topics.length * queues));

function numberOf({ keys }) {
  return Number(keys[0].slice('key-'.length));
}

function check(isRight, what) {
  if (!isRight) throw new Error(`${what} is wrong`);
}

function isWhole(message) {
  const n = numberOf(message);
  return message.position === places[n] && message.storeTimestamp === timeOf(n) && message.body.length === bodyBytes;
}

function checkMessages({ messages, lost }) {
  check(lost.length === 0 && messages.every(isWhole), 'a read');
  return messages.length;
}

const somewhere = () => [topics[random(topics.length)], random(queues), random(perQueue)];

async function repeat(act) {
  let done = 0;
  while (!isOver) done += await act();
  return done;
}

const ways = {
  read: () => repeat(async () => checkMessages(await store.read(...somewhere()))),
  raw: () => repeat(async () => (await store.readRaw(...somewhere(), { maxMessages: 50 })).messages),
  tags: () => repeat(async () => checkMessages(await store.read(...somewhere(), { tags: 'rare', maxMessages: 4 }))),
  position: () =>
    repeat(async () => {
      const n = random(count);
      check(numberOf(await store.messageAt(places[n])) === n, 'a message by its position');
      return 1;
    }),
  key: () =>
    repeat(async () => {
      const n = random(count);
      const found = await store.findByKey(messageOf(n).topic, `key-${n}`);
      check(found.length === 1 && isWhole(found[0]), 'a message by its key');
      return 1;
    }),
  time: () =>
    repeat(async () => {
      const [topic, queueId, offset] = somewhere();
      const found = await store.offsetAt(topic, queueId, timeOf(offset * topics.length * queues));
      check(Math.abs(found - offset) <= 1, 'an offset by its time');
      return 1;
    }),
  subscribe: async () => {
    let done = 0;
    while (!isOver) {
      const topic = topics[random(topics.length)];
      const from = random(2) === 0 ? 'earliest' : { timestamp: timeOf(random(count)) };
      for await (const message of store.subscribe({ topic, from, untilEnd: true })) {
        check(isWhole(message), 'a message of a subscription');
        done++;
        if (isOver) break;
      }
    }
    return done;
  },
  transfer: async () => {
    let received = 0;
    const sink = createServer((socket) =>
      socket.on('data', ({ length }) => {
        received += length;
      }),
    );
    sink.listen(0, '127.0.0.1');
    await once(sink, 'listening');
    const socket = connect(sink.address().port, '127.0.0.1');
    let sent = 0;
    const done = await repeat(async () => {
      const { messages, bytes } = await store.transfer(socket, ...somewhere(), { maxMessages: 50 });
      sent += bytes;
      return messages;
    });
    socket.end();
    sink.close();
    await once(sink, 'close');
    check(received === sent, 'what came through a socket');
    return done;
  },
  // What the timer has to notice.
  sync: () =>
    repeat(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return checkMessages(store.readSync(...somewhere()));
    }),
};

const delay = Buffer.alloc(4);
delay.writeInt32LE(delayMs);
// In place: the file is mapped.
writeFileSync(control, delay, { flag: 'r+' });
timer.begin();
// Timed, because what is looked for is how it goes over a while.
setTimeout(() => {
  isOver = true;
}, milliseconds);
const running = loads.flatMap((load) => Array.from({ length: atOnce }, async () => [load, await ways[load]()]));
const done = {};
for (const [load, messages] of await Promise.all(running)) done[load] = (done[load] ?? 0) + messages;
timer.end();
writeFileSync(control, Buffer.alloc(4), { flag: 'r+' });
await store.close();
const { ticks, mostLate, latest } = timer;
process.stdout.write(JSON.stringify({ ticks, mostLate, latest, done }));

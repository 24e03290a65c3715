/**
 * A worker thread with a store of its own, or a read-only view of one.
 *
 * workerData: `task`, `directory`, `options`. `append`: appends without end, in every way there is, until the thread is terminated; tells
 * `open`, and then the number of acknowledged messages now and then. `session`: opens, appends, reads, closes and tells what it read.
 * `follow`: iterates over topic `T` up to the offset `end`, checks every body, and tells how many messages it saw.
 * `read`: follows queue 0 of topic `T` up to the offset `end`, checks every body, and tells how many messages it saw.
 * `everything`: iterates over all queues of topic `T`, of which there are `end`, until each has said `end`; checks that every message comes once and in
 * order, and tells how many there were. `roam`: reads in every way there is, until the thread is terminated; tells each round.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { MessageStore } from '../../dist/index.js';

const { task, directory, options, end } = workerData;
const store = await MessageStore.open(directory, options);
parentPort.postMessage('open');

async function append() {
  for (let count = 0; ; count += 24) {
    const wave = Array.from({ length: 20 }, (_, i) => store.append({ topic: `t${i % 3}`, body: Buffer.alloc(500 + i, i) }));
    wave.push(store.appendBatch([1, 2, 3].map((i) => ({ topic: 'batch', body: `${i}` }))));
    store.appendSync({ topic: 'inline', body: 'inline' });
    await Promise.all([...wave, store.read('t0', 0, count)]);
    parentPort.postMessage(count);
  }
}

async function session() {
  const receipts = await Promise.all(['a', 'b', 'c'].map((body) => store.append({ topic: 'T', body })));
  const { messages } = await store.read('T', 0, 0);
  await store.close();
  parentPort.postMessage([receipts.map(({ offset }) => offset), messages.map(({ body }) => body.toString())]);
}

async function read() {
  let offset = 0;
  while (offset < end) {
    const { messages, nextOffset, lost } = await store.read('T', 0, offset, { maxMessages: 500 });
    for (const message of messages) {
      if (message.offset !== offset || message.body.toString() !== `message ${offset}`)
        throw new Error(`offset ${offset} is wrong`);
      offset++;
    }
    if (lost.length > 0 || (messages.length > 0 && nextOffset !== offset)) throw new Error(`a gap at ${offset}`);
    // Nothing new yet: the next look comes with the next turn.
    if (messages.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await store.close();
  parentPort.postMessage(offset);
}

async function follow() {
  let count = 0;
  for await (const { offset, body } of store.subscribe({ topic: 'T', queueId: 0 })) {
    if (offset !== count || body.toString() !== `message ${offset}`) throw new Error(`offset ${offset} is wrong`);
    if (++count === end) break;
  }
  await store.close();
  parentPort.postMessage(count);
}

async function everything() {
  const next = Array(end).fill(0);
  let ended = 0;
  for await (const { queueId, offset, body } of store.subscribe({ topic: 'T' })) {
    if (offset !== next[queueId]++) throw new Error(`offset ${offset} of queue ${queueId} comes as number ${next[queueId] - 1}`);
    const said = body.toString();
    if (said === 'end' ? ++ended === end : said !== `${queueId}/${offset}`) {
      if (said === 'end') break;
      throw new Error(`offset ${offset} of queue ${queueId} says ${said}`);
    }
  }
  await store.close();
  parentPort.postMessage(next.reduce((sum, count) => sum + count));
}

async function roam() {
  for (let round = 0; ; round++) {
    const queueId = round % end;
    let left = 200;
    for await (const message of store.subscribe({ topic: 'T', from: round % 2 === 0 ? 'earliest' : 'latest' })) {
      if (message.keys[0] !== `${message.queueId}-${message.offset}`) throw new Error('not what was appended');
      if (--left === 0) break;
    }
    const { messages, maxOffset } = await store.read('T', queueId, 0);
    const [last] = messages.slice(-1);
    const found = await store.findByKey('T', last.keys[0]);
    if (found.length !== 1 || found[0].position !== last.position) throw new Error(`${last.keys[0]} was not found`);
    if ((await store.offsetAt('T', queueId, last.storeTimestamp)) > last.offset) throw new Error('a wrong offset of a time');
    await store.waitFor('T', queueId, maxOffset, { timeoutMs: 5 });
    parentPort.postMessage(round);
  }
}

await { append, session, read, follow, everything, roam }[task]();

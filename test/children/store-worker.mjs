/**
 * A worker thread with a store of its own, or a read-only view of one.
 *
 * workerData: `task`, `directory`, `options`. `append`: appends without end, in every way there is, until the thread is terminated; tells
 * `open`, and then the number of acknowledged messages now and then. `session`: opens, appends, reads, closes and tells what it read.
 * `follow`: iterates over topic `T` up to the offset `end`, checks every body, and tells how many messages it saw.
 * `read`: follows queue 0 of topic `T` up to the offset `end`, checks every body, and tells how many messages it saw.
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

await { append, session, read, follow }[task]();

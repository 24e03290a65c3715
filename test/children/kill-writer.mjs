/**
 * A process that appends to a store and reads it in every way until it is killed, and says on standard output what was acknowledged and
 * what was consumed.
 *
 * Arguments: the directory, a number for the round, the seed, the options of MessageStore.open as JSON, and as JSON where a consumer goes on:
 * `{topic: [[queueId, offset], …]}`. A line `open` when the store is open, then one line of JSON for each acknowledged append: `[round, n,
 * count, [[topic, queueId, offset, position], …]]`, where `n` counts the appends of this process in the order of the calls, and one for
 * each batch that the consumer has taken: `{"topic", "queueId", "messages": [[offset, key], …]}`. Each message carries the same as the
 * append in its key (`round-n-index-count`) and the SHA-1 of its body in a property, so that whoever reads it can tell what it is.
 *
 * Beside them a subscription catches up from the beginning, over and over, and what was acknowledged is looked up by its key. A wrong answer
 * ends the process, which is not how it should end.
 */
import { createHash } from 'node:crypto';
import { MessageStore } from '../../dist/index.js';

const [directory, round, seed, options, resume] = process.argv.slice(2);
let state = Number(seed) | 0;

function random(limit) {
  state = (Math.imul(state, 1103515245) + 12345) | 0;
  return Math.floor(((state >>> 8) / 2 ** 24) * limit);
}

function message(topic, queueId, n, index, count) {
  const size = random(16) === 0 ? random(60_000) : random(700);
  const body = Buffer.alloc(size, createHash('sha1').update(`${round}-${n}-${index}`).digest());
  const sha1 = createHash('sha1').update(body).digest('hex');
  return { topic, queueId, keys: `${round}-${n}-${index}-${count}`, properties: { sha1 }, body };
}

const store = await MessageStore.open(directory, JSON.parse(options));
// Standard output is a pipe, and writing to a pipe is done when the call returns: what was said reaches the reader also after a kill.
process.stdout.write('open\n');

function acknowledge(n, receipts) {
  const places = receipts.map(({ topic, queueId, offset, position }) => [topic, queueId, offset, position]);
  process.stdout.write(`${JSON.stringify([Number(round), n, receipts.length, places])}\n`);
}

function keyed(messages) {
  return messages.map(({ offset, keys }) => [offset, keys[0]]);
}

async function consume(topic, offsets) {
  for await (const { queueId, messages } of store.subscribe({ topic, from: { offsets: new Map(offsets) } }).batches())
    process.stdout.write(`${JSON.stringify({ topic, queueId, messages: keyed(messages) })}\n`);
}

async function catchUp(topic) {
  for (;;) {
    const next = [0, 0];
    for await (const { queueId, offset } of store.subscribe({ topic, untilEnd: true })) {
      if (offset !== next[queueId]++)
        throw new Error(`offset ${offset} of ${topic}/${queueId} comes as number ${next[queueId] - 1}`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Each message that was acknowledged, and can be read, is found by its key at once, and nothing else is. */
async function lookUp({ topic, position }, key) {
  const found = await store.findByKey(topic, key);
  if (found.length !== 1 || found[0].position !== position) throw new Error(`${key} is at ${position}, found was ${keyed(found)}`);
}

for (const [topic, offsets] of Object.entries(JSON.parse(resume))) {
  void consume(topic, offsets);
  void catchUp(topic);
}

for (let n = 0; ; ) {
  const wave = [];
  for (let left = 1 + random(40); left > 0; left--, n++) {
    const number = n;
    const topic = `kill-${random(3)}`;
    const queueId = random(2);
    const kind = random(12);
    if (kind === 0) {
      const receipt = store.appendSync(message(topic, queueId, number, 0, 1));
      acknowledge(number, [receipt]);
      wave.push(lookUp(receipt, `${round}-${number}-0-1`));
    } else if (kind < 3) {
      const count = 2 + random(8);
      const batch = Array.from({ length: count }, (_, index) => message(topic, queueId, number, index, count));
      wave.push(store.appendBatch(batch).then((receipts) => acknowledge(number, receipts)));
    } else {
      const given = kind === 3 ? { durability: 'written' } : kind === 4 ? { durability: 'durable' } : undefined;
      const acknowledged = store.append(message(topic, queueId, number, 0, 1), given).then((receipt) => {
        acknowledge(number, [receipt]);
        // What is only written may not be visible yet.
        return kind === 5 ? lookUp(receipt, `${round}-${number}-0-1`) : undefined;
      });
      wave.push(acknowledged);
    }
  }
  await Promise.all(wave);
}

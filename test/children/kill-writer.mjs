/**
 * A process that appends to a store until it is killed, and says on standard output what was acknowledged.
 *
 * Arguments: the directory, a number for the round, the seed, the options of MessageStore.open as JSON. A line `open` when the store is open,
 * then one line of JSON for each acknowledged append: `[round, n, count, [[topic, queueId, offset, position], …]]`, where `n` counts the
 * appends of this process in the order of the calls. Each message carries the same in its key (`round-n-index-count`) and the SHA-1 of
 * its body in a property, so that whoever reads it can tell what it is.
 */
import { createHash } from 'node:crypto';
import { MessageStore } from '../../dist/index.js';

const [directory, round, seed, options] = process.argv.slice(2);
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

for (let n = 0; ; ) {
  const wave = [];
  for (let left = 1 + random(40); left > 0; left--, n++) {
    const number = n;
    const topic = `kill-${random(3)}`;
    const queueId = random(2);
    const kind = random(12);
    if (kind === 0) {
      acknowledge(number, [store.appendSync(message(topic, queueId, number, 0, 1))]);
    } else if (kind < 3) {
      const count = 2 + random(8);
      const batch = Array.from({ length: count }, (_, index) => message(topic, queueId, number, index, count));
      wave.push(store.appendBatch(batch).then((receipts) => acknowledge(number, receipts)));
    } else {
      const given = kind === 3 ? { durability: 'written' } : kind === 4 ? { durability: 'durable' } : undefined;
      wave.push(store.append(message(topic, queueId, number, 0, 1), given).then((receipt) => acknowledge(number, [receipt])));
    }
  }
  await Promise.all(wave);
}

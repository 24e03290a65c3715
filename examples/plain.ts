/**
 * The whole of it in one file: open a store, append, read back, look at what was found, close.
 *
 *   node plain.js <directory>
 */
import { type Message, MessageStore, StoreError } from 'millrace';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: plain <directory>');

const store = await MessageStore.open(directory, { defaultQueues: 2 });
const { newlyLost, recoveredMessages } = store.recovery;
if (newlyLost.length > 0) console.warn(`${newlyLost.length} ranges of the log are lost`, newlyLost);
console.log(`opened, ${recoveredMessages} messages recovered`);

// An acknowledged message is on disk. Those with one sharding key keep their order.
const receipt = await store.append({
  topic: 'orders',
  shardingKey: 'table 7',
  body: 'one coffee',
  tags: 'drink',
  keys: ['order-1'],
});
console.log(`queue ${receipt.queueId}, offset ${receipt.offset}, ${receipt.durability}`);

// Many at once share one sync; all or none of a batch survive.
await Promise.all(['tea', 'water', 'cake'].map((body) => append({ topic: 'orders', body })));
await store.appendBatch([
  { topic: 'bills', queueId: 0, body: 'coffee 3.20' },
  { topic: 'bills', queueId: 0, body: 'cake 4.50' },
]);

/** Appends, and waits for room when too much is on its way. */
async function append(message: Message): Promise<void> {
  try {
    await store.append(message);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'BUSY') throw error;
    await store.drained();
    await append(message);
  }
}

// One read of one queue …
const { messages, nextOffset } = await store.read('bills', 0, 0);
for (const message of messages) console.log(`bill ${message.offset}: ${message.body}`);
console.log(`read on at ${nextOffset}`);

// … or everything of a topic, up to what is there now.
for await (const { queueId, offset, body, tags } of store.subscribe({ topic: 'orders', untilEnd: true })) {
  console.log(`order ${queueId}/${offset}: ${body}${tags === undefined ? '' : ` (${tags})`}`);
}

await store.close();

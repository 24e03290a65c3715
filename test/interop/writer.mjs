/**
 * A process that appends to a store until it is killed, and tells its parent of each acknowledgement.
 *
 * The parent sends one job: `directory`, `options` of MessageStore.open, `topics` (how many queues each must have), `batches`
 * (appended once, in order), and `singles` (then appended over and over, in order, `IN_FLIGHT` at a time). Back come arrays of
 * receipts, in the order of the appends.
 */
import { MessageStore } from '../../dist/index.js';

const IN_FLIGHT = 32;

process.once('message', async ({ directory, options, topics, batches, singles }) => {
  const store = await MessageStore.open(directory, options);
  for (const [name, queues] of Object.entries(topics)) {
    await (store.topic(name) === undefined ? store.createTopic(name, { queues }) : store.updateTopic(name, { queues }));
  }
  for (const batch of batches) {
    process.send(await store.appendBatch(batch));
  }
  for (let next = 0; ; next += IN_FLIGHT) {
    const group = Array.from({ length: IN_FLIGHT }, (_, k) => store.append(singles[(next + k) % singles.length]));
    process.send(await Promise.all(group));
  }
});

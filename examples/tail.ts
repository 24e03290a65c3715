/**
 * Follows a topic and prints its messages, from another process than the one that writes: `tail -f` for a topic.
 *
 *   node tail.js <directory> <topic> [--latest] [--end] [--queue <id>]
 *
 *   --latest   only what comes from now on
 *   --end      stop at the end instead of waiting for more
 *   --queue    only this queue
 *
 * Ctrl-C stops it and says where each queue would go on.
 */
import { parseArgs } from 'node:util';
import { MessageStore, StoreError } from 'millrace';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { latest: { type: 'boolean' }, end: { type: 'boolean' }, queue: { type: 'string' } },
});
const [directory, topic] = positionals;
if (directory === undefined || topic === undefined)
  throw new Error('usage: tail <directory> <topic> [--latest] [--end] [--queue <id>]');

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());

// Takes no lock, and changes nothing: the writer need not know.
const store = await MessageStore.open(directory, { readOnly: true });
const subscription = store.subscribe({
  topic,
  queueId: values.queue === undefined ? undefined : Number(values.queue),
  from: values.latest ? 'latest' : 'earliest',
  untilEnd: values.end,
  signal: interrupted.signal,
  onLost: ({ queueId, fromOffset, toOffset }) => console.warn(`queue ${queueId}: ${fromOffset} to ${toOffset - 1} are lost`),
});
try {
  for await (const { queueId, offset, storeTimestamp, body } of subscription) {
    console.log(`${new Date(storeTimestamp).toISOString()} ${queueId}/${offset} ${body}`);
  }
} catch (error) {
  if (!(error instanceof StoreError) || error.code !== 'ABORTED') throw error;
}
for (const [queueId, offset] of subscription.offsets) console.log(`queue ${queueId} goes on at ${offset}`);
await store.close();

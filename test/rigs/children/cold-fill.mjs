/** Makes the store of the cold reads: `node cold-fill.mjs <directory> <messages>`. Prints the place of each message in the log, as JSON. */
import { MessageStore } from '../../../dist/index.js';
import { bodyBytes, messageOf, options, queues, timeOf, topics } from './cold-shape.mjs';

const [directory, count] = process.argv.slice(2);
let next = 0;
const store = await MessageStore.open(directory, { ...options, flush: 'async', clock: () => timeOf(next) });
for (const topic of topics) await store.createTopic(topic, { queues });
const body = Buffer.alloc(bodyBytes, 7);
const positions = [];
while (next < Number(count)) {
  const wave = [];
  for (let left = 1000; left > 0 && next < Number(count); left--, next++) wave.push(store.append({ ...messageOf(next), body }));
  for (const { position } of await Promise.all(wave)) positions.push(position);
}
await store.close();
process.stdout.write(JSON.stringify(positions));

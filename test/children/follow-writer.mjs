/**
 * A writer that does what its parent tells it, one thing after the other, while the parent follows the store with a read-only handle.
 *
 * Started by fork with the directory and the options as JSON. Says `open` first. A message from the parent is an object: `append` holds arrays of
 * messages for `store.append`, all at once, with `durability`; `close: true` closes the store and ends. The answer to each are the receipts.
 */
import { MessageStore } from '../../dist/index.js';

const [directory, options] = process.argv.slice(2);
const store = await MessageStore.open(directory, JSON.parse(options));

process.on('message', async ({ append, durability, close }) => {
  if (close === true) {
    await store.close();
    process.send('closed', () => process.disconnect());
    return;
  }
  process.send(await Promise.all(append.map((message) => store.append(message, { durability }))));
});
process.send('open');

/**
 * One short life of a store, run by each Node line against the installed package: open, append, close, open again, read.
 * Usage: node session.mjs <directory>. Prints one line of JSON.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const directory = process.argv[2];
// Resolved from the project it is run in, not from where this file lies.
const entry = createRequire(pathToFileURL(`${process.cwd()}/package.json`)).resolve('millrace');
const { MessageStore } = await import(pathToFileURL(entry).href);

const options = { flush: 'sync', commitLog: { fileBytes: 1024 * 1024 } };
let store = await MessageStore.open(directory, options);
const first = await store.append({ topic: 'packed', body: 'hello', tags: 'greeting' });
await store.appendBatch([
  { topic: 'packed', queueId: first.queueId, body: 'again' },
  { topic: 'packed', queueId: first.queueId, body: 'and again' },
]);
await store.close();

store = await MessageStore.open(directory, options);
const { messages, maxOffset } = await store.read('packed', first.queueId, 0);
const bodies = messages.map((message) => message.body.toString());
const { cleanShutdown } = store.recovery;
await store.close();
process.stdout.write(
  `${JSON.stringify({ node: process.versions.node, durability: first.durability, bodies, maxOffset, cleanShutdown })}\n`,
);

/**
 * One short life of a store, run by each Node line against the installed package: open, append, close, open again, read; with bodies
 * compressed here and by others. Usage: node session.mjs <directory>. Prints one line of JSON.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const directory = process.argv[2];
// Resolved from the project it is run in, not from where this file lies.
const entry = createRequire(pathToFileURL(`${process.cwd()}/package.json`)).resolve('millrace');
const { MessageStore } = await import(pathToFileURL(entry).href);

const options = { flush: 'sync', compression: 'lz4', commitLog: { fileBytes: 1024 * 1024 } };
let store = await MessageStore.open(directory, options);
const first = await store.append({ topic: 'packed', body: 'hello', tags: 'greeting' });
await store.appendBatch([
  { topic: 'packed', queueId: first.queueId, body: 'again' },
  { topic: 'packed', queueId: first.queueId, body: 'and again' },
]);
// "hello zstd" as a frame of Zstandard.
const zstd = Buffer.from('28b52ffd200a51000068656c6c6f207a737464', 'hex');
await store.append({ topic: 'compressed', body: 'hello lz4 '.repeat(1000) });
await store.append({ topic: 'compressed', body: zstd, sysFlag: 0x201 });
await store.close();

store = await MessageStore.open(directory, options);
const { messages, maxOffset } = await store.read('packed', first.queueId, 0);
const bodies = messages.map((message) => message.body.toString());
const compressed = (await store.read('compressed', 0, 0)).messages;
const lz4 = { size: compressed[0].size, body: compressed[0].body.toString() };
const { cleanShutdown } = store.recovery;
await store.close();
const { durability } = first;
process.stdout.write(
  `${JSON.stringify({ node: process.versions.node, durability, bodies, maxOffset, cleanShutdown, lz4, zstd: bodyOrCode(compressed[1]) })}\n`,
);

function bodyOrCode(message) {
  try {
    return message.body.toString();
  } catch (error) {
    return error.code;
  }
}

/** Processes that end, or do not, with a store open: `node lifetime.mjs <scenario> <directory>`. Each says on standard output what it saw. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// By the clock, because nothing announces that a store has become idle.
import { setTimeout as pause } from 'node:timers/promises';
import { MessageStore } from '../../../dist/index.js';

const [name, directory] = process.argv.slice(2);
const message = { topic: 'T', body: 'x' };
const say = (line) => process.stdout.write(`${line}\n`);

async function leaveOpen() {
  const store = await MessageStore.open(directory);
  const receipts = await Promise.all(Array.from({ length: 10 }, () => store.append(message)));
  say(`acknowledged ${receipts.length}`);
}

async function leaveReaderOpen() {
  const store = await MessageStore.open(directory, { readOnly: true });
  say(`read ${(await store.read('T', 0, 0)).messages.length}`);
}

async function leavePending() {
  const store = await MessageStore.open(directory);
  void Promise.all(Array.from({ length: 1000 }, () => store.append(message))).then(({ length }) => say(`acknowledged ${length}`));
}

async function leaveWaiting() {
  const store = await MessageStore.open(directory, { flush: { mode: 'async', intervalMs: 60_000 } });
  const { position, size } = await store.append(message);
  void store.read('T', 0, 0).then(() => say('read'));
  void store.flush().then(() => say('flushed'));
  void store.reached('durable', position + size).then(() => say('durable'));
  await store.createTopic('U');
  void store.createTopic('V').then(() => say('made'));
  void store.deleteTopic('U').then(() => say('deleted'));
  const other = MessageStore.open(`${directory}-other`);
  void other.then(() => say('opened'));
  void other.then((opened) => opened.close()).then(() => say('closed'));
}

/** A subscription that waits is heard by nobody else: it ends when its store is closed. */
async function leaveFollowing() {
  const store = await MessageStore.open(directory, { readOnly: true });
  for await (const { offset } of store.subscribe({ topic: 'T' })) say(`yielded ${offset}`);
}

/** Nobody asks for the next message, and the wait is over. */
async function leaveSubscribed() {
  const store = await MessageStore.open(directory);
  await store.append(message);
  const messages = store.subscribe({ topic: 'T' })[Symbol.asyncIterator]();
  say(`yielded ${(await messages.next()).value.offset}`);
  say(`waited ${await store.waitFor('T', 0, 7, { timeoutMs: 20 })}`);
}

async function idle() {
  const store = await MessageStore.open(directory);
  await store.append(message);
  // Longer than anything that follows an append is put off, but for the checkpoint.
  await pause(700);
  // What polls does so in every one of them; a collection of garbage or a busy machine is in one.
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage();
    await pause(500);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  say(2 * least);
}

async function reject() {
  const store = await MessageStore.open(directory, { maxPendingBytes: 20_000, flush: { mode: 'async', intervalMs: 60_000 } });
  const codes = {};
  const heard = [];
  const hear = (promise) => heard.push(promise.then(undefined, ({ code }) => (codes[code] = (codes[code] ?? 0) + 1)));
  const controller = new AbortController();
  const { signal } = controller;
  const { position, size } = await store.append(message);
  for (let n = 0; n < 3; n++) hear(store.append(message, { signal }));
  hear(store.reached('durable', position + size, { signal }));
  hear(store.reached('durable', position + size, { timeoutMs: 1 }));
  hear(store.reached('durable', position + size, { timeoutMs: 1 }));
  hear(store.drained({ signal: AbortSignal.abort() }));
  controller.abort();
  hear(store.append({ topic: 'a.b', body: 'x' }));
  hear(store.appendBatch([message, { topic: 'U', body: 'x' }]));
  hear(store.createTopic('a.b'));
  hear(store.append({ topic: 'T', body: Buffer.alloc(5_000_000) }));
  hear(MessageStore.open(directory));
  await Promise.all(heard);
  for (let n = 0; n < 4; n++) hear(store.append({ topic: 'T', body: Buffer.alloc(15_000) }));
  await Promise.all(heard);
  await store.close();
  for (const promise of [store.append(message), store.flush(), store.drained(), store.read('T', 0, 0)]) hear(promise);
  await Promise.all(heard);
  say(JSON.stringify(Object.fromEntries(Object.entries(codes).sort())));
}

/** The topics cannot be saved: their folder becomes a file while the store is open. */
async function failing(options) {
  const store = await MessageStore.open(directory, options);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config'), 'a file');
  const { offset } = await store.append(message);
  await pause(200);
  say(`acknowledged ${offset + 1}`);
  await store.close().catch(({ code }) => say(`closed with ${code}`));
}

let told = 0;
const scenarios = {
  leaveOpen,
  leaveReaderOpen,
  leavePending,
  leaveWaiting,
  leaveFollowing,
  leaveSubscribed,
  idle,
  reject,
  failInBackground: () => failing({ onBackgroundError: ({ code }) => say(`${code} ${++told}`) }),
  failUnasked: () => failing(),
};
await scenarios[name]();

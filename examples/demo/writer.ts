/**
 * The process that is going to be killed: appends the mails and tells its parent which ones were acknowledged.
 *
 * A report is one line of JSON on standard output, written without buffering once a turn of the event loop: what was reported was
 * acknowledged before. When all mails are appended it waits for its end instead of closing the store.
 */
import { writeSync } from 'node:fs';
import { MessageStore } from 'millrace';
import { appendFrom } from './appending.js';
import { loadMails, topic } from './mails.js';
import type { Acknowledged, ReportLine } from './victim.js';

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: writer <directory>');

const mails = loadMails();
const store = await MessageStore.open(directory, { flush: 'sync' });
await store.createTopic(topic);
const begin = performance.now();
let acknowledged: Acknowledged[] = [];

await appendFrom(store.queue(topic, 0), mails, 0, (index, { offset, position, size }) => {
  if (acknowledged.length === 0) setImmediate(report);
  acknowledged.push([index, offset, position, size]);
});
setInterval(() => {}, 1000);

function report(): void {
  const line: ReportLine = { acknowledged, syncs: store.stats().flushes, millis: performance.now() - begin };
  acknowledged = [];
  writeSync(1, `${JSON.stringify(line)}\n`);
}

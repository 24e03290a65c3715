/**
 * `npm run demo`: six thousand real mails, a writer that is killed in the middle, and nothing lost.
 *
 *   --keep [directory]   keep the store (in `directory`, which must be empty) instead of removing it
 *
 * A child process appends the mails durably and is killed. Then this process opens the store, shows what recovery found, looks
 * up every mail that was acknowledged, appends those that are not there, and reads everything back. Exit code 1 if anything
 * differs.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MessageStore } from 'millrace';
import { appendFrom } from './appending.js';
import { loadMails, type Mail, topic } from './mails.js';
import { fact, heading, megabytes, Progress, printRecovery, rate, whole } from './output.js';
import { checkAcknowledged, readBack, type Verdict } from './verdict.js';
import { type Killed, writeUntilKilled } from './victim.js';

const { values, positionals } = parseArgs({ options: { keep: { type: 'boolean', default: false } }, allowPositionals: true });
if (positionals.length > (values.keep ? 1 : 0)) throw new Error('usage: demo [--keep [directory]]');
const directory = positionals[0] ?? mkdtempSync(join(tmpdir(), 'millrace-demo-'));
mkdirSync(directory, { recursive: true });
if (readdirSync(directory).length > 0) throw new Error(`${directory} is not empty: the demo begins with a new store`);
process.once('exit', () => {
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const mails = introduce();
const killed = await writeAndKill(mails);
heading('Opening again');
await using store = await MessageStore.open(directory, { flush: 'sync' });
printRecovery(store.recovery);
const wrong = await checkAcknowledgements(mails, killed);
const rest = await goOn(mails);
const verdict = await readEverything(mails);
summarize();

function introduce(): Mail[] {
  const loaded = loadMails();
  heading('The mails');
  const spam = loaded.filter(({ tag }) => tag === 'spam').length;
  fact(
    'corpus',
    `${whole(loaded.length)} mails, ${megabytes(total(loaded))}: ${whole(loaded.length - spam)} ham, ${whole(spam)} spam`,
  );
  fact('store', directory);
  return loaded;
}

/** Somewhere between two and three fifths of the way. */
async function writeAndKill(all: readonly Mail[]): Promise<Killed> {
  heading('A writer that is killed in the middle');
  const progress = new Progress('acknowledged', all.length);
  const victim = await writeUntilKilled(directory, Math.floor(all.length * (0.4 + Math.random() / 5)), progress.show);
  progress.end();
  fact('SIGKILL', `process ${victim.pid}, after ${whole(victim.millis)} ms`);
  fact('acknowledged', `${whole(victim.acknowledged.length)} mails as durable, in ${whole(victim.syncs)} syncs`);
  return victim;
}

async function checkAcknowledgements(all: readonly Mail[], { acknowledged }: Killed): Promise<string[]> {
  heading('What was acknowledged');
  const missing = await checkAcknowledged(store, all, acknowledged);
  if (missing.length === 0) fact('there', `all ${whole(acknowledged.length)}, byte for byte, where the receipts say`);
  else fact('MISSING', `${whole(missing.length)} of ${whole(acknowledged.length)}`);
  return missing;
}

/** The mails were appended in order: what is stored is the first so many of them, acknowledged ones and some that nearly were. */
async function goOn(all: readonly Mail[]): Promise<{ count: number; bytes: number; millis: number; syncs: number }> {
  heading('Going on');
  if (store.topic(topic) === undefined) await store.createTopic(topic);
  const queue = store.queue(topic, 0);
  const first = queue.nextOffset;
  fact(
    'already stored',
    `${whole(first)}, of which ${whole(first - killed.acknowledged.length)} had not been acknowledged when the kill came`,
  );
  const progress = new Progress('appended', all.length);
  const before = store.stats().flushes;
  const begin = performance.now();
  let count = 0;
  await appendFrom(queue, all, first, () => progress.show(first + ++count));
  const millis = performance.now() - begin;
  progress.end();
  const syncs = store.stats().flushes - before;
  fact('appended', `${whole(count)} more, in ${whole(syncs)} syncs`);
  return { count, bytes: total(all.slice(first)), millis, syncs };
}

async function readEverything(all: readonly Mail[]): Promise<Verdict> {
  heading('Reading everything back');
  const progress = new Progress('read', all.length);
  const result = await readBack(store, all, all.length, progress.show);
  progress.end();
  fact('read', `${whole(result.mails)} mails in order, ${megabytes(result.bytes)}`);
  return result;
}

function summarize(): void {
  const appended = killed.acknowledged.length + rest.count;
  const bytes = total(killed.acknowledged.map(([index]) => mails[index] as Mail)) + rest.bytes;
  const groups = killed.syncs + rest.syncs;
  heading('Summary');
  fact('mails', `${whole(verdict.mails)}, ${megabytes(verdict.bytes)}`);
  fact('groups', `${whole(groups)}, ${(appended / groups).toFixed(1)} mails each`);
  fact('syncs saved', `${whole(appended - groups)} of ${whole(appended)} by grouping`);
  fact('append rate', `${rate(appended, bytes, killed.millis + rest.millis)}, every mail durable`);
  fact('read rate', `${rate(verdict.mails, verdict.bytes, verdict.millis)}, every byte compared`);
  fact('lost', whole(verdict.lost.length));
  fact('duplicated', whole(verdict.duplicated.length));
  if (values.keep) fact('kept in', directory);
  const differences = [
    ...wrong,
    ...verdict.lost.map((id) => `${id} is lost`),
    ...verdict.duplicated.map((id) => `${id} is there twice`),
    ...verdict.different,
  ];
  if (differences.length === 0) return;
  heading(`${whole(differences.length)} differences, the first of them:`);
  for (const difference of differences.slice(0, 20)) process.stdout.write(`  ${difference}\n`);
  process.exitCode = 1;
}

function total(list: readonly Mail[]): number {
  return list.reduce((sum, { body }) => sum + body.length, 0);
}

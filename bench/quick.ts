/**
 * `npm run bench:quick`: the store beside the limits of the machine it runs on, in one interleaved run of about two minutes.
 *
 *   --json            the report as JSON on standard output instead of text
 *   --only <text>     only probes whose name contains the text (several: comma-separated); goals without figures stay open. Probes that
 *                     take minutes run only where their whole name is given: keys/10000000
 *   --rounds <n>      default 7
 *   --millis <n>      time of one round of one case, default 300; the limits take half of it
 *   --dir <path>      where the temporary directory is made: a real disk; default bench/build
 *   --check           exit code 1 when a goal is not reached
 *
 * Progress goes to standard error. The temporary directory is removed, also after an error or Ctrl-C.
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readConditions } from './conditions.js';
import { judge } from './goals.js';
import { interleave, type Probe } from './harness.js';
import { buildLimits, Limits, limitProbes, settle } from './limits.js';
import { reopenProbe } from './reopenprobe.js';
import { toJson, toText } from './report.js';
import { idleProbe, storeProbes } from './storeprobes.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    millis: { type: 'string', default: '300' },
    dir: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});

/** Beginnings of names, in the order in which the probes run. */
const sequence: readonly string[] = [
  ...['limit/copy', 'read/', 'tags/'],
  ...['limit/sendfile', 'transfer/long', 'limit/gather', 'transfer/scattered', 'transfer/'],
  ...['limit/checksum', 'limit/stream', 'append/appendBatch-1024-pwrite', 'append/append-1024-pwrite'],
  ...['limit/pwrite', 'append/appendSync-1024-pwrite', 'append/'],
  ...['limit/roundtrip', 'limit/sync-1', 'durable/1', 'follow/', 'limit/sync-32', 'durable/64'],
  ...['reopen/', 'idle/', ''],
];

const root = packageFolder();
const rounds = positive('rounds', values.rounds);
const millis = positive('millis', values.millis);
const parent = values.dir ?? join(root, 'bench', 'build');
mkdirSync(parent, { recursive: true });
const directory = realpathSync(mkdtempSync(join(parent, 'quick-')));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

let lastRound = -1;

const conditions = readConditions(root, directory);
const limits = new Limits(buildLimits(root), directory);
try {
  const { port = 0 } = await limits.run('receiver');
  const probes = chosen([
    ...limitProbes(limits, Math.ceil(millis / 2), port),
    ...storeProbes(directory, millis, port),
    reopenProbe(directory, Math.min(rounds, 3)),
    idleProbe(directory),
  ]);
  const results = await interleave(sequenced(probes), {
    rounds,
    settle: ({ name }) => settle(limits, /^(append|limit\/(stream|pwrite))/.test(name)),
    progress,
  });
  clearProgress();
  const shown = probes.flatMap(({ name }) => results.filter((each) => each.name === name));
  const report = { conditions, rounds, results: shown, goals: judge(results) };
  process.stdout.write(values.json ? toJson(report) : toText(report));
  if (values.check && report.goals.some(({ reached }) => reached === false)) process.exitCode = 1;
} finally {
  await limits.close();
}

/** The folder of package.json, above this file wherever it was compiled to. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'binding.gyp'))) {
    if (folder === dirname(folder)) throw new Error('the package is not above the benchmark');
    folder = dirname(folder);
  }
  return folder;
}

function chosen(probes: Probe[]): Probe[] {
  const wanted = values.only?.split(',').filter((text) => text !== '') ?? [''];
  return probes.filter(({ name, isLong }) => wanted.some((text) => (isLong ? name === text : name.includes(text))));
}

/** Puts each limit right before the cases that are held against it: what happens to the machine meanwhile happens to both. */
function sequenced(probes: readonly Probe[]): Probe[] {
  const rank = ({ name }: Probe): number => sequence.findIndex((prefix) => name.startsWith(prefix));
  return [...probes].sort((a, b) => rank(a) - rank(b));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1`);
  return value;
}

function progress(round: number, probe: Probe): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kround ${round + 1} of ${rounds}: ${probe.name}`);
  else if (round !== lastRound) process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  lastRound = round;
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

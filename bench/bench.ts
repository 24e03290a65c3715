/**
 * `npm run bench`: what the store costs and can do, beside other stores and the limits of the machine, in one interleaved run.
 *
 * Gathers the questions (questions/), runs their probes round by round, and writes the answers: a table to standard output, and where asked
 * JSON and HTML into files. Progress goes to standard error. arguments.ts has the command line. The temporary directory is removed, also
 * after an error or Ctrl-C. A probe that fails is named and left out; the others go on.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, parseArguments, usage } from './arguments.js';
import { readConditions } from './conditions.js';
import { closeContenders, notesSoFar } from './contenders.js';
import { interleave, type Probe } from './harness.js';
import { buildLimits, Limits, settle } from './limits.js';
import { noiseText } from './noise.js';
import { duration, Progress, questionOf } from './progress.js';
import type { Answers, Question, Setting } from './question.js';
import { type Asked, answered, questionsFor, selected } from './selection.js';
import { verdicts } from './targets.js';
import { toText } from './terminal.js';
import { packageFolder, temporaryDirectory } from './workplace.js';

/** In which they are asked and shown; one that is not named here comes last. */
const order = [
  'flush',
  'latency',
  'sustained',
  'peers',
  'calls',
  'reading',
  'cold',
  'transfer',
  'keys',
  'recovery',
  'opening',
  'memory',
];

/** Something that whoever gave the command can mend; its message is enough. */
class Refusal extends Error {}

let settings: Arguments;
try {
  settings = parseArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}
try {
  if (settings.isHelp) process.stdout.write(usage);
  else await main(settings);
} catch (error) {
  const { message, stack } = error as Error;
  process.stderr.write(`${error instanceof Refusal ? message : stack}\n`);
  process.exitCode = 1;
}

async function main(args: Arguments): Promise<void> {
  const root = packageFolder();
  const toHtml = args.html === undefined || args.isListing ? undefined : await htmlWriter();
  const directory = temporaryDirectory(args.directory ?? join(root, 'bench', 'build'), 'bench-');
  const limits = new Limits(buildLimits(root), directory);
  try {
    const { port = 0 } = await limits.run('receiver');
    const { scale, isExhaustive, millis } = args;
    const asked = await ask(args, { root, directory, millis, scale, isExhaustive, limits, port });
    const probes = selected(asked, args.only);
    if (probes.length === 0) throw new Refusal(`nothing is called ${args.only?.join(' or ')}: --list names everything`);
    if (args.isListing) process.stdout.write(listing(asked, probes));
    else await report(await measure(args, asked, probes, { root, directory, limits }), args, toHtml);
  } finally {
    await closeContenders();
    await limits.close();
  }
}

async function measure(
  args: Arguments,
  asked: readonly Asked[],
  probes: readonly Probe[],
  { root, directory, limits }: Pick<Setting, 'root' | 'directory' | 'limits'>,
): Promise<Answers> {
  const conditions = await readConditions(root, directory, limits);
  const failures: { result: string; reason: string }[] = [];
  const progress = new Progress(probes, args.rounds);
  const began = performance.now();
  let shown = '';
  const pageCache = args.scale === 'quick' ? 128 : 256;
  const results = await interleave(probes, {
    rounds: args.rounds,
    settle: async ({ name }) => (name.includes('/slice-') ? undefined : settle(limits, takesPageCache(name), pageCache)),
    progress: (round, { name }) => {
      progress.begin(name, performance.now());
      const part = `${round} ${questionOf(name)}`;
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress.line(round, name)}`);
      else if (part !== shown) process.stderr.write(`${progress.line(round, name)}\n`);
      shown = part;
    },
    failed: ({ name }, error) => {
      const reason = error instanceof Error ? error.message : String(error);
      progress.drop(name, performance.now());
      failures.push({ result: name, reason });
      process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${name} is left out: ${reason}\n`);
    },
  });
  progress.end(performance.now());
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${took(progress, performance.now() - began)}\n`);
  return {
    conditions: { ...conditions, noise: noiseText(results) },
    scale: args.scale,
    rounds: args.rounds,
    questions: asked
      .filter(({ question }) => results.some(({ name }) => questionOf(name) === question.name))
      .map(({ question }) => answered(question, results)),
    results,
    verdicts: verdicts(results),
    peers: await notesSoFar(),
    failures,
  };
}

function took(progress: Progress, millis: number): string {
  const questions = progress.perQuestion().map((each) => `${each.question} ${duration(each.millis)}`);
  const probes = progress.slowest(5).map((each) => `${each.name} ${duration(each.millis)}`);
  return `took ${duration(millis)}: ${questions.join(', ')}\nlongest: ${probes.join(', ')}`;
}

/** Whether the next probe writes to new page cache, which luck must not make dear for one and cheap for another (limits.ts). */
function takesPageCache(name: string): boolean {
  return /\b(?:none|async|append\w*|stream|pwrite|bulk|queues|keyed)\b/.test(name);
}

/** Each file of questions/ exports one. */
async function allQuestions(): Promise<Question[]> {
  const folder = new URL('./questions/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const modules = await Promise.all(files.map((name) => import(new URL(name, folder).href) as Promise<Record<string, unknown>>));
  const questions = modules.flatMap((module) => Object.values(module).filter(isQuestion));
  const rank = ({ name }: Question): number => (order.indexOf(name) + order.length + 1) % (order.length + 1);
  return questions.sort((a, b) => rank(a) - rank(b));
}

function isQuestion(value: unknown): value is Question {
  return typeof value === 'object' && value !== null && 'heldAgainst' in value && 'probes' in value;
}

async function ask({ only }: Arguments, setting: Setting): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const question of questionsFor(await allQuestions(), only)) asked.push({ question, probes: await question.probes(setting) });
  return asked;
}

function listing(asked: readonly Asked[], probes: readonly Probe[]): string {
  const lines = asked.flatMap(({ question }) => {
    const own = probes.filter(({ name }) => questionOf(name) === question.name);
    return [`${question.name}: ${question.title}`, ...own.map(({ name, title }) => `  ${name.padEnd(44)}${title}`)];
  });
  const limits = probes.filter(({ name }) => questionOf(name) === 'limit');
  return `${[...lines, 'limits', ...limits.map(({ name, title }) => `  ${name.padEnd(44)}${title}`)].join('\n')}\n`;
}

type HtmlWriter = (answers: Answers) => Promise<string>;

/** Before anything is measured: a run that cannot be written down is not begun. */
async function htmlWriter(): Promise<HtmlWriter> {
  const module = new URL('./html.js', import.meta.url);
  if (!existsSync(module)) throw new Refusal('--html: the report with charts was not built: npm ci --prefix bench, then again');
  return ((await import(module.href)) as { toHtml: HtmlWriter }).toHtml;
}

async function report(answers: Answers, { json, html }: Arguments, toHtml: HtmlWriter | undefined): Promise<void> {
  process.stdout.write(toText(answers));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(answers, null, 2)}\n`);
  if (html !== undefined && toHtml !== undefined) writeFileSync(html, await toHtml(answers));
}

/**
 * Shows that the engine's tests bite: breaks the engine in one line, builds it, runs its tests, and writes down which one noticed.
 *
 *   node scripts/teeth.mjs [part of a sabotage's name] [--seed=1] [--keep] [--print]
 *
 * Works on a copy of native/ in a temporary folder, so that the checkout stays as it is; `--keep` leaves the copy. Without a name it runs
 * all of them and writes test/TEETH.md, unless `--print` asks for the table only. Exit code 1 when a sabotage survives, no longer applies,
 * or does not compile, or when the engine fails its tests without any. About ten minutes on two cores.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sabotages } from './teeth/sabotages.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
  },
});
/** Longer than any run of the tests: what takes longer hangs, and that is a way to be noticed too. */
const longestRunMs = 300_000;
const mostTitles = 2;

const copy = mkdtempSync(join(tmpdir(), 'millrace-teeth-'));
const program = join(copy, 'build-native/test/engine_tests');

function build() {
  const made = spawnSync('make', ['-C', join(copy, 'native/test'), '-j2', 'VARIANT=test', 'program'], { encoding: 'utf8' });
  return made.status === 0 ? '' : made.stderr;
}

/** Runs the tests until two of them have failed. Resolves to the titles that did, and how it ended where that is not an exit. */
function failingTitles() {
  return new Promise((done) => {
    const titles = [];
    let title = '(before the first test)';
    let hasFailed = false;
    const child = spawn(program, [`--seed=${flags.seed}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    const timer = setTimeout(() => {
      titles.push(`${title} (hangs)`);
      child.kill('SIGKILL');
    }, longestRunMs);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('- ')) {
        title = line.slice(2);
        hasFailed = false;
      } else if (!hasFailed && /^ {2}\S+:\d+: /.test(line)) {
        hasFailed = true;
        titles.push(title);
        if (titles.length >= mostTitles) child.kill('SIGKILL');
      }
    });
    child.on('close', (_code, signal) => {
      clearTimeout(timer);
      if (signal !== null && signal !== 'SIGKILL') titles.push(`${title} (${signal})`);
      done(titles);
    });
  });
}

/** However the formatter breaks its lines. */
function patternOf(code) {
  return new RegExp(
    code
      .trim()
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\s+/g, '\\s+'),
    'g',
  );
}

async function tryOne({ name, file, from, to }) {
  const path = join(copy, 'native/engine', file);
  const text = readFileSync(path, 'utf8');
  const places = [...text.matchAll(patternOf(from))];
  const [place] = places;
  if (place === undefined || places.length > 1)
    return { name, verdict: `does not apply: its line stands there ${places.length} times`, ok: false };
  writeFileSync(path, text.slice(0, place.index) + to + text.slice(place.index + place[0].length));
  const complaint = build();
  const titles = complaint === '' ? await failingTitles() : [];
  writeFileSync(path, text);
  if (complaint !== '') return { name, verdict: `does not compile: ${complaint.slice(0, 400)}`, ok: false };
  if (titles.length === 0) return { name, verdict: '**survives**', ok: false };
  return { name, verdict: titles.join('; '), ok: true };
}

const visible = (text) => text.trim().replaceAll('\n', ' ').replace(/\s+/g, ' ').replaceAll('|', '\\|');

function table(results) {
  const rows = results.map(({ name, verdict }) => {
    const { file, from, to } = sabotages.find((one) => one.name === name);
    const after = to.trim() === '' ? '*(nothing)*' : `\`${visible(to)}\``;
    return `| ${name} | \`${file}\` | \`${visible(from)}\` → ${after} | ${visible(verdict)} |`;
  });
  return `# Do the tests bite?

Each row breaks the engine in one place, as somebody in a hurry might. The last column names the first tests that failed then (at most
${mostTitles}); a sabotage that no test notices would read **survives**. Made by \`node scripts/teeth.mjs\`, which applies, builds, runs and reverts;
this table is from seed ${flags.seed}.

| sabotage | file | change | noticed by |
|---|---|---|---|
${rows.join('\n')}
`;
}

try {
  cpSync(join(root, 'native'), join(copy, 'native'), { recursive: true });
  const chosen = sabotages.filter(({ name }) => name.includes(positionals[0] ?? ''));
  const complaint = build();
  const before = complaint === '' ? await failingTitles() : [complaint];
  if (before.length > 0) throw new Error(`the engine as it is fails its tests: ${before.join('; ')}`);
  const results = [];
  for (const sabotage of chosen) {
    results.push(await tryOne(sabotage));
    const { name, verdict } = results.at(-1);
    console.log(`${name}: ${verdict}`);
  }
  if (positionals.length === 0 && !flags.print) writeFileSync(join(root, 'test/TEETH.md'), table(results));
  else console.log(table(results));
  process.exitCode = results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  if (!flags.keep) rmSync(copy, { recursive: true });
}

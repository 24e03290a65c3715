/**
 * Shows that the tests bite: breaks the engine or the library in one line, runs its tests, and writes down which one noticed.
 *
 *   node scripts/teeth.mjs [part of a sabotage's name …] [--seed=1] [--keep] [--print]
 *
 * Works on a copy in a temporary folder, so that the checkout stays as it is; `--keep` leaves the copy. What is built in the checkout is taken
 * over, the addon among it: build first. Without a name it runs all of them and writes test/TEETH.md; with names it replaces their rows,
 * or adds them; with `--print` it prints the table and writes nothing. Exit code 1 when a sabotage survives, no longer applies, or does not
 * compile, or when the tests fail without any. About half an hour on two cores.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Engine } from './teeth/engine.mjs';
import { Library } from './teeth/library.mjs';
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
const document = join(root, 'test/TEETH.md');
const copy = mkdtempSync(join(tmpdir(), 'millrace-teeth-'));
const engine = new Engine(root, copy, flags.seed);
const library = new Library(root, copy, flags.seed);

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

async function tryOne({ name, file, from, to, tests }) {
  const broken = tests === undefined ? engine : library;
  const path = broken.pathOf(file);
  const text = readFileSync(path, 'utf8');
  const places = [...text.matchAll(patternOf(from))];
  const [place] = places;
  if (place === undefined || places.length > 1)
    return { name, verdict: `does not apply: its line stands there ${places.length} times`, ok: false };
  writeFileSync(path, text.slice(0, place.index) + to + text.slice(place.index + place[0].length));
  const complaint = broken.build();
  const titles = complaint === '' ? await broken.failingTitles(tests) : [];
  writeFileSync(path, text);
  if (complaint !== '') return { name, verdict: `does not compile: ${complaint.slice(0, 400)}`, ok: false };
  if (titles.length === 0) return { name, verdict: '**survives**', ok: false };
  return { name, verdict: titles.join('; '), ok: true };
}

const visible = (text) => text.trim().replaceAll('\n', ' ').replace(/\s+/g, ' ').replaceAll('|', '\\|');

function rowOf({ name, verdict }) {
  const { file, from, to } = sabotages.find((one) => one.name === name);
  const after = to.trim() === '' ? '*(nothing)*' : `\`${visible(to)}\``;
  return `| ${name} | \`${file}\` | \`${visible(from)}\` → ${after} | ${visible(verdict)} |`;
}

/** The rows that are there, by the names of their sabotages. */
function rowsThere() {
  const lines = existsSync(document) ? readFileSync(document, 'utf8').split('\n') : [];
  return new Map(lines.filter((line) => /^\| (?!sabotage )/.test(line)).map((line) => [/^\| (.*?) \| `/.exec(line)?.[1], line]));
}

function table(results) {
  const rows = positionals.length === 0 ? new Map() : rowsThere();
  for (const result of results) rows.set(result.name, rowOf(result));
  return `# Do the tests bite?

Each row breaks the engine or, where the file is TypeScript, the library in one place, as somebody in a hurry might. The last column names the
first tests that failed then (at most 2); a sabotage that no test notices would read **survives**. Made by \`node scripts/teeth.mjs\`,
which applies, builds, runs and reverts; this table is from seed ${flags.seed}.

| sabotage | file | change | noticed by |
|---|---|---|---|
${sabotages.flatMap(({ name }) => rows.get(name) ?? []).join('\n')}
`;
}

try {
  cpSync(join(root, 'native'), join(copy, 'native'), { recursive: true, preserveTimestamps: true });
  const chosen = sabotages.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
  for (const broken of new Set(chosen.map(({ tests }) => (tests === undefined ? engine : library)))) {
    broken.prepare();
    const complaint = broken.build();
    const tests = [...new Set(chosen.flatMap((one) => one.tests ?? []))];
    const before = complaint === '' ? await broken.failingTitles(tests) : [complaint];
    if (before.length > 0) throw new Error(`what is to be broken fails its tests as it is: ${before.join('; ')}`);
  }
  const results = [];
  for (const sabotage of chosen) {
    results.push(await tryOne(sabotage));
    const { name, verdict } = results.at(-1);
    console.log(`${name}: ${verdict}`);
  }
  if (flags.print) console.log(table(results));
  else writeFileSync(document, table(results));
  process.exitCode = results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  if (!flags.keep) rmSync(copy, { recursive: true });
}

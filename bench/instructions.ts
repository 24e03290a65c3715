/**
 * `npm run bench:instructions`: how many instructions the engine takes for an operation, held against a committed baseline.
 *
 *   --update          writes the counts to bench/instructions.json instead
 *
 * For changes that a stopwatch on a busy machine cannot see. `valgrind --tool=callgrind` runs the program of bench/instructions/, one case
 * a process, and counts what happens inside its function CountedTurns: user code only, on one thread, from memory that is there already.
 * Two runs of one program count the same, to the instruction. A case that has changed by more than 3 %, either way, fails.
 *
 * What would differ from machine to machine is fixed: the libc's copying and comparing take the way of a plain x86-64 whatever the
 * processor has, and the environment is empty. The engine's checksums take the way that valgrind's processor offers, carry-less
 * multiplication of 16 bytes: the table says which. Another compiler makes other code, so counts of another version are not compared:
 * they are skipped, but where CI=true they fail, for there the gate would else be open and nobody would know. Without valgrind
 * everything is skipped.
 *
 * Not counted: what a processor makes of the instructions, the kernel, Node. A count is no time.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { advice, type Baseline, type Count, compare, countsTable, incomparable } from './counts.js';
import { packageFolder } from './workplace.js';

const plainLibrary = [
  'glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-ERMS',
  'glibc.cpu.x86_rep_movsb_threshold=1000000000',
  'glibc.cpu.x86_non_temporal_threshold=1000000000',
].join(':');
const caseMillis = 300_000;

const { values } = parseArgs({ options: { update: { type: 'boolean', default: false } } });
const root = packageFolder();
const baselinePath = join(root, 'bench', 'instructions.json');
const compilerCommand = process.env.CXX ?? 'g++';

if (spawnSync('valgrind', ['--version']).status === 0) run();
else finish('valgrind is not there: nothing was counted', 0, 0, 1);

function run(): void {
  const machine = { compiler: compiler(), architecture: process.arch };
  const baseline = values.update ? undefined : (JSON.parse(readFileSync(baselinePath, 'utf8')) as Baseline);
  // Before it is built: what is not compared need not compile.
  if (baseline !== undefined && isIncomparable(baseline, { ...machine, checksums: baseline.checksums })) return;
  const program = build();
  const [checksums = '', ...cases] = underValgrind(program, ['--list'], []).stdout.trimEnd().split('\n');
  const now = { ...machine, checksums };
  process.stdout.write(`${now.architecture}, ${now.compiler}, checksums by ${now.checksums}\n\n`);
  if (baseline !== undefined && isIncomparable(baseline, now)) return;
  const counts = cases.map((line): Count => {
    const [name = '', title = ''] = line.split('\t');
    return { name, title, instructions: Math.round(instructionsOf(program, name) * 10) / 10 };
  });
  if (baseline === undefined) update(now, counts);
  else hold(baseline, counts);
}

/** Says so, too. */
function isIncomparable(baseline: Baseline, now: Omit<Baseline, 'instructions'>): boolean {
  const reason = incomparable(baseline, now);
  if (reason === undefined) return false;
  const cases = Object.keys(baseline.instructions).length;
  if (process.env.CI === 'true') finish(`not comparable: ${reason}`, 0, 1, 0);
  else finish(`not compared: ${reason}`, 0, 0, cases);
  return true;
}

function update(now: Omit<Baseline, 'instructions'>, counts: readonly Count[]): void {
  const instructions = Object.fromEntries(counts.map((count) => [count.name, count.instructions]));
  writeFileSync(baselinePath, `${JSON.stringify({ ...now, instructions }, null, 2)}\n`);
  process.stdout.write(`${counts.length} counts written to bench/instructions.json\n`);
}

function hold(baseline: Baseline, counts: readonly Count[]): void {
  const changes = compare(baseline, counts);
  const failed = changes.filter(({ verdict }) => verdict !== 'same').length;
  finish([countsTable(changes), advice(changes)].filter((text) => text !== '').join('\n\n'), changes.length - failed, failed, 0);
}

/** Of one operation. */
function instructionsOf(program: string, name: string): number {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-counted-'));
  try {
    const out = join(directory, 'callgrind');
    const flags = ['--toggle-collect=CountedTurns', `--callgrind-out-file=${out}`];
    const { stdout } = underValgrind(program, [name, directory], flags);
    const total = /^(?:summary|totals): (\d+)$/m.exec(readFileSync(out, 'utf8'))?.[1];
    const operations = Number(stdout);
    if (total === undefined || Number(total) === 0 || !(operations > 0)) throw new Error(`${name}: nothing was counted`);
    return Number(total) / operations;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function underValgrind(program: string, words: readonly string[], flags: readonly string[]): { stdout: string } {
  const tool = flags.length > 0 ? ['--tool=callgrind', ...flags] : ['--tool=none'];
  const { status, signal, stdout, stderr } = spawnSync('valgrind', [...tool, program, ...words], {
    encoding: 'utf8',
    timeout: caseMillis,
    env: { PATH: process.env.PATH, GLIBC_TUNABLES: plainLibrary },
  });
  if (status !== 0) throw new Error(`${words[0]} ended with ${signal ?? `code ${status}`}: ${stderr}`);
  return { stdout };
}

function build(): string {
  execFileSync('make', ['-j2', '-C', join(root, 'bench', 'instructions'), `CXX=${compilerCommand}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(root, 'bench', 'build', 'instructions', 'counted');
}

/** Name and version, without the distribution's. */
function compiler(): string {
  const isClang = /clang/.test(execFileSync(compilerCommand, ['--version'], { encoding: 'utf8' }));
  const version = execFileSync(compilerCommand, [isClang ? '-dumpversion' : '-dumpfullversion'], { encoding: 'utf8' }).trim();
  return `${isClang ? 'clang' : 'gcc'} ${version}`;
}

function finish(text: string, passed: number, failed: number, skipped: number): void {
  process.stdout.write(`${text}\n\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

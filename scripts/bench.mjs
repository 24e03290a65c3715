/**
 * Builds the benchmark and runs it with the arguments of this script; `npm run bench`.
 *
 * bench/ has packages of its own (other stores, charts), so that the project's install stays light: they are installed when its lockfile is
 * newer than what is there. Where that fails, everything that needs none of them is built, and the benchmark names what it left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bench = join(root, 'bench');

/** With the output of both on standard error: standard output is the report's. */
function run(command, ...words) {
  return spawnSync(command, words, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
}

function hasPackages() {
  const lock = join(bench, 'package-lock.json');
  if (!existsSync(lock)) return false;
  const installed = join(bench, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return true;
  return run('npm', 'ci', '--prefix', 'bench', '--no-audit', '--no-fund');
}

const project = hasPackages() ? 'bench/tsconfig.all.json' : 'bench/tsconfig.json';
if (!run(process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project)) process.exit(1);

// Ctrl-C reaches both; the benchmark cleans up, and this waits for it.
process.on('SIGINT', () => {});
const { status, signal } = spawnSync(process.execPath, [join(bench, 'build', 'bench.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);

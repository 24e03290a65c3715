/**
 * Builds the addon (build/Release) with node-gyp and the TypeScript (dist) with tsc.
 *
 *   node scripts/build.mjs [native] [ts] [--stale] [--prebuild]
 *
 * Without names both are built, from nothing. `--stale` builds only what is older than one of its sources, and only what changed
 * of it. `--prebuild` also copies the addon to prebuilds/, which is what a packed tarball carries. The headers that came with the
 * running Node are used when they are there, so that a build needs no network.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const addon = join(root, 'build/Release/millrace.node');

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { stale: { type: 'boolean', default: false }, prebuild: { type: 'boolean', default: false } },
});
const parts = new Set(positionals.length > 0 ? positionals : ['native', 'ts']);

/** The newest change under a file or folder; a folder's own time tells that something was removed from it. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

function isFresh(output, sources) {
  if (!flags.stale || !existsSync(output)) return false;
  const built = statSync(output).mtimeMs;
  return sources.every((source) => newest(join(root, source)) < built);
}

function run(packageName, command, args) {
  const packageFile = require.resolve(`${packageName}/package.json`);
  const { bin } = JSON.parse(readFileSync(packageFile, 'utf8'));
  const script = join(dirname(packageFile), typeof bin === 'string' ? bin : bin[command]);
  // To standard error: what packs may print JSON on standard output.
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

function headersOfThisNode() {
  const prefix = resolve(process.execPath, '../..');
  const version = join(prefix, 'include/node/node_version.h');
  if (!existsSync(version) || !existsSync(join(prefix, 'include/node/common.gypi'))) return [];
  const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(version, 'utf8'))?.[1];
  return major === process.versions.node.split('.')[0] ? [`--nodedir=${prefix}`] : [];
}

function buildNative() {
  if (isFresh(addon, ['native/engine', 'native/binding', 'binding.gyp', 'package-lock.json'])) return;
  const steps = flags.stale ? ['configure', 'build'] : ['rebuild'];
  for (const step of steps) {
    const jobs = step === 'configure' ? [] : ['--jobs=max'];
    run('node-gyp', 'node-gyp', [step, '--release', '--loglevel=warn', ...jobs, ...headersOfThisNode()]);
  }
  // A change that altered no object leaves the file as it was: mark it as looked at.
  utimesSync(addon, new Date(), new Date());
}

function buildTypeScript() {
  if (isFresh(join(root, 'dist/index.js'), ['ts', 'tsconfig.json', 'package-lock.json'])) return;
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run('typescript', 'tsc', ['-p', 'tsconfig.json']);
}

/** The same name that ts/loader.ts looks for. */
function copyToPrebuilds() {
  const isMusl = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined;
  const folder = join(root, 'prebuilds', `${process.platform}${isMusl ? 'musl' : ''}-${process.arch}`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, join(folder, 'millrace.node'));
}

if (parts.has('native')) buildNative();
if (parts.has('ts')) buildTypeScript();
if (flags.prebuild) copyToPrebuilds();

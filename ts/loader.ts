/**
 * Finds the compiled addon and loads it.
 *
 * The order: the file that MILLRACE_NATIVE names, and then no other; build/Debug when MILLRACE_DEBUG is set; build/Release, which
 * `npm run build` makes; prebuilds/, which a packed tarball carries. The first one that loads counts. When none does, the error
 * names every path that was tried and why it did not do, and the command that builds one. Nothing is cached here (see native.ts).
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { storeError } from './errors.js';

/** What the search depends on; tests give their own. */
export interface Surroundings {
  /** The folder with package.json in it. */
  readonly root: string;
  readonly platform: string;
  readonly arch: string;
  readonly isMusl: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The running process and this package. */
export function surroundings(): Surroundings {
  return {
    root: fileURLToPath(new URL('..', import.meta.url)),
    platform: process.platform,
    arch: process.arch,
    isMusl: process.platform === 'linux' && !hasGlibc(),
    environment: process.env,
  };
}

/** Where the addon may be, best first. */
export function candidatePaths(around: Surroundings): readonly string[] {
  const named = around.environment.MILLRACE_NATIVE;
  if (named) return [resolve(named)];
  const paths = [
    join(around.root, 'build/Release/millrace.node'),
    join(around.root, 'prebuilds', machineName(around), 'millrace.node'),
  ];
  if (around.environment.MILLRACE_DEBUG) paths.unshift(join(around.root, 'build/Debug/millrace.node'));
  return paths;
}

/** Loads the first candidate that can be loaded. Errors: NATIVE_MISSING. */
export function loadAddon(around: Surroundings = surroundings()): unknown {
  const require = createRequire(import.meta.url);
  const failures: string[] = [];
  let cause: unknown;
  for (const path of candidatePaths(around)) {
    if (!existsSync(path)) {
      failures.push(`${path}: no such file`);
      continue;
    }
    try {
      return require(path);
    } catch (error) {
      cause = error;
      failures.push(`${path}: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`);
    }
  }
  throw storeError(
    'NATIVE_MISSING',
    `No native addon for ${machineName(around)} (Node ${process.versions.node}) could be loaded. Tried:\n` +
      `${failures.map((failure) => `  ${failure}\n`).join('')}` +
      `To build it, with Python 3, make and a C++20 compiler at hand, run:\n  ${buildCommand(around.root)}\n` +
      'Or set MILLRACE_NATIVE to the path of an addon that was built elsewhere.',
    { cause },
  );
}

function machineName(around: Surroundings): string {
  return `${around.platform}${around.isMusl ? 'musl' : ''}-${around.arch}`;
}

/** A checkout has its build script and tools; an installed package has the sources only, and is compiled from the project around it. */
function buildCommand(root: string): string {
  if (existsSync(join(root, 'scripts/build.mjs'))) return `cd ${root} && npm ci && npm run build`;
  return `npm install --no-save node-addon-api@8.9.2 && npx node-gyp@12.4.0 rebuild --directory ${root}`;
}

function hasGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}

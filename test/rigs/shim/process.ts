/** Runs a script in a process whose system calls can be made to fail, and gives back what it said as JSON on standard output. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Whether the shim can be built here. Where everything has to run, building it must work. */
export const hasCompiler: boolean =
  process.env.CI !== undefined || (process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0);

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-rig-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function buildShim(into: string): string {
  const library = join(into, 'faults.so');
  const source = fileURLToPath(new URL('faults.c', import.meta.url));
  const built = spawnSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  if (built.status !== 0) throw new Error(`cc failed: ${built.stderr}`);
  return library;
}

/**
 * Runs children/<script>.mjs with a path for a store and further arguments; with the shim when `faults`. Fails when the process dies of a signal,
 * of an exception or of an unheard rejection. The store is gone when the test ends.
 */
export async function runScript<T>(script: string, args: readonly string[], { faults = false, directory = '' } = {}): Promise<T> {
  const own = folder();
  const store = directory === '' ? join(own, 'store') : directory;
  const environment: NodeJS.ProcessEnv = { ...process.env };
  if (faults) {
    const control = join(own, 'faults');
    writeFileSync(control, Buffer.alloc(256));
    Object.assign(environment, { LD_PRELOAD: buildShim(own), MILLRACE_FAULTS: control, MILLRACE_FAULTS_ROOT: store });
  }
  const path = fileURLToPath(new URL(`../children/${script}.mjs`, import.meta.url));
  const child = spawn(process.execPath, ['--unhandled-rejections=strict', path, store, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const [output, errors, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`${script} ended with ${signal ?? code}: ${errors}\n${output}`);
  return JSON.parse(output) as T;
}

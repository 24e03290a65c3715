/** The benchmark, compiled for tests that start its processes: beside its own build, so that `millrace` is this package. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Imports modules of it by their path in bench/, without an ending; `remove` when no process of it runs any more. */
export interface BuiltBenchmark {
  load<T>(module: string): Promise<T>;
  remove(): void;
}

export function buildBenchmark(): BuiltBenchmark {
  const parent = resolve('bench/build');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(`${parent}/test-`);
  const compiler = resolve('node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', 'bench/tsconfig.json', '--outDir', folder], { stdio: 'inherit' });
  return {
    load: async <T>(module: string) => (await import(/* @vite-ignore */ pathToFileURL(`${folder}/${module}.js`).href)) as T,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

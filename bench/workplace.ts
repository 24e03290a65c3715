/**
 * Where a benchmark works: the project's folder, and a temporary directory that is removed however the run ends.
 *
 * Removed at the process's exit, so also after an error, Ctrl-C or SIGTERM. Whoever still writes there is killed before (child.ts).
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder of package.json, above this file wherever it was compiled to. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'binding.gyp'))) {
    if (folder === dirname(folder)) throw new Error('the package is not above the benchmark');
    folder = dirname(folder);
  }
  return folder;
}

/** Where a file of the built package is that it does not export: `transferoptions.js`. */
export function builtUrl(file: string): string {
  return pathToFileURL(join(packageFolder(), 'dist', file)).href;
}

/** A new directory in `parent`, which is made when it is not there. */
export function temporaryDirectory(parent: string, prefix: string): string {
  mkdirSync(parent, { recursive: true });
  const directory = realpathSync(mkdtempSync(join(parent, prefix)));
  // A process that was just killed may finish the call it was in: what it makes meanwhile is removed at the next try.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGHUP', () => process.exit(129));
  process.once('SIGTERM', () => process.exit(143));
  return directory;
}

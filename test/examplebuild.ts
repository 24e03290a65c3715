/** The examples, compiled as a reader would. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface ExampleBuild {
  /** Where the compiled examples lie. */
  readonly folder: string;
  remove(): void;
}

/** Inside the package, so that its own name leads to it. */
export function buildExamples(): ExampleBuild {
  const folder = mkdtempSync(join(root, 'build', 'examples-'));
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(root, 'examples', 'tsconfig.json'), '--outDir', folder]);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

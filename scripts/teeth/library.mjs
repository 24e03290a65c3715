/** The copy of the library that is broken, over the addon as it is built, and chosen files of its tests. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Longer than these tests take. One that waits for ever is ended by its own limit. */
const longestRunMs = 600_000;
const mostTitles = 2;
const copied = ['ts', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const linked = ['node_modules', 'build', 'prebuilds', 'dist'];

export class Library {
  #root;
  #copy;
  #seed;

  constructor(root, copy, seed) {
    this.#root = root;
    this.#copy = copy;
    this.#seed = seed;
  }

  pathOf(file) {
    return join(this.#copy, 'ts', file);
  }

  prepare() {
    for (const name of copied) cpSync(join(this.#root, name), join(this.#copy, name), { recursive: true });
    for (const name of linked) symlinkSync(join(this.#root, name), join(this.#copy, name));
  }

  /** The test runner takes TypeScript as it is. */
  build() {
    return '';
  }

  /** Titles of tests that failed, and a file that failed as a whole. */
  failingTitles(tests) {
    const report = join(this.#copy, 'report.json');
    rmSync(report, { force: true });
    const files = tests.map((name) => `test/${name}.test.ts`);
    const args = ['vitest', 'run', '--bail', `${mostTitles}`, '--reporter', 'json', '--outputFile', report, ...files];
    const run = spawnSync('npx', args, {
      cwd: this.#copy,
      encoding: 'utf8',
      timeout: longestRunMs,
      env: { ...process.env, MILLRACE_TEST_SEED: this.#seed },
    });
    if (run.error !== undefined) return [`(${run.error.message})`];
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const failed = testResults.flatMap(({ name, status, assertionResults }) => {
      const titles = assertionResults.filter((one) => one.status === 'failed').map(({ title }) => title);
      return titles.length === 0 && status === 'failed' ? [`(${name})`] : titles;
    });
    return failed.slice(0, mostTitles);
  }
}

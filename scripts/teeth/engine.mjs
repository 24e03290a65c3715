/** The copy of the engine that is broken, and its native tests: all of them, until two have failed. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Longer than any run of the tests: what takes longer hangs, and that is a way to be noticed too. */
const longestRunMs = 300_000;
const mostTitles = 2;

export class Engine {
  #root;
  #copy;
  #seed;

  constructor(root, copy, seed) {
    this.#root = root;
    this.#copy = copy;
    this.#seed = seed;
  }

  pathOf(file) {
    return join(this.#copy, 'native/engine', file);
  }

  prepare() {
    const built = join(this.#root, 'build-native/test');
    if (existsSync(built)) cpSync(built, join(this.#copy, 'build-native/test'), { recursive: true, preserveTimestamps: true });
  }

  /** What the compiler complains of. */
  build() {
    const made = spawnSync('make', ['-C', join(this.#copy, 'native/test'), '-j2', 'VARIANT=test', 'program'], { encoding: 'utf8' });
    return made.status === 0 ? '' : made.stderr;
  }

  /** Resolves to the titles of those that failed, and how the run ended where that is not an exit. */
  failingTitles() {
    return new Promise((done) => {
      const titles = [];
      let title = '(before the first test)';
      let hasFailed = false;
      const program = join(this.#copy, 'build-native/test/engine_tests');
      const child = spawn(program, [`--seed=${this.#seed}`], { stdio: ['ignore', 'pipe', 'ignore'] });
      const timer = setTimeout(() => {
        titles.push(`${title} (hangs)`);
        child.kill('SIGKILL');
      }, longestRunMs);
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('- ')) {
          title = line.slice(2);
          hasFailed = false;
        } else if (!hasFailed && /^ {2}\S+:\d+: /.test(line)) {
          hasFailed = true;
          titles.push(title);
          if (titles.length >= mostTitles) child.kill('SIGKILL');
        }
      });
      child.on('close', (_code, signal) => {
        clearTimeout(timer);
        if (signal !== null && signal !== 'SIGKILL') titles.push(`${title} (${signal})`);
        // What was printed before the end reached it comes along.
        done(titles.slice(0, mostTitles));
      });
    });
  }
}

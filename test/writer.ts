/** A writer in another process that appends what the test tells it, and dies when the test ends. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Durability, Message, Receipt, StoreOptions } from '../ts/index.js';

const script = fileURLToPath(new URL('./children/follow-writer.mjs', import.meta.url));

export class Writer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  static async start(directory: string, options: StoreOptions): Promise<Writer> {
    const child = fork(script, [directory, JSON.stringify(options)], { execArgv: [] });
    const writer = new Writer(child);
    await once(child, 'message');
    return writer;
  }

  async append(append: readonly Message[], durability?: Durability): Promise<readonly Receipt[]> {
    this.#child.send({ append, durability });
    const [receipts] = (await once(this.#child, 'message')) as [readonly Receipt[]];
    return receipts;
  }

  async close(): Promise<void> {
    this.#child.send({ close: true });
    await once(this.#child, 'exit');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

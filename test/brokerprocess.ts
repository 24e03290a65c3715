/** The example broker in a process of its own, on a port that the system picks. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ExampleBuild } from './examplebuild.js';

export class BrokerProcess implements AsyncDisposable {
  /** `address:port`. */
  readonly address: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #output: { text: string };

  private constructor(child: ChildProcessByStdio<null, Readable, Readable>, output: { text: string }, address: string) {
    this.#child = child;
    this.#output = output;
    this.address = address;
  }

  /** Resolves when it listens. Rejects with what it said if it ends before. */
  static async start({ folder }: ExampleBuild, directory: string): Promise<BrokerProcess> {
    const main = join(folder, 'rocketmq-broker', 'main.js');
    const child = spawn(process.execPath, [main, directory, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { text: '' };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output.text += text;
      });
    for (;;) {
      const address = /^listening on (\S+)\n/m.exec(output.text)?.[1];
      if (address !== undefined) return new BrokerProcess(child, output, address);
      if (child.exitCode !== null) throw new Error(`the broker does not start: ${output.text}`);
      await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    }
  }

  get port(): number {
    return Number(this.address.split(':').at(-1));
  }

  /** Everything it printed. */
  get output(): string {
    return this.#output.text;
  }

  /** As an operator stops it; resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGTERM');
      await closed;
    }
    return this.#child.exitCode;
  }

  async kill(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
  }
}

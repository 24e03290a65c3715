/**
 * A peer of the benchmark as a process of its own, for as long as a test uses it: lines of JSON to it and from it.
 *
 * One order at a time. It is killed when it is disposed of, if it has not ended before; a process that ended gives no answer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Hello, Order, Reply } from '../../bench/peers/peer.js';

export class Talk implements AsyncDisposable {
  readonly hello: Promise<Hello>;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  constructor(command: readonly string[]) {
    const [program = '', ...words] = command;
    this.#process = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#ended = once(this.#process, 'close');
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    const lines: Interface = createInterface({ input: this.#process.stdout! });
    this.#lines = lines[Symbol.asyncIterator]();
    this.hello = this.#next<Hello>();
  }

  async ask(order: Order): Promise<Reply> {
    await this.hello;
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
    return this.#next<Reply>();
  }

  /** Resolves when the process has ended, as it must after this order. */
  async close(): Promise<Reply> {
    const reply = await this.ask({ order: 'close' });
    await this.#ended;
    return reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGKILL');
    await this.#ended;
  }

  async #next<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the peer ended: ${this.#said.slice(-2000)}`);
    return JSON.parse(value) as T;
  }
}

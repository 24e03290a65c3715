/**
 * One process of a peer and the lines between it and us: `Hello` first, then a `Reply` for each `Order` (peer.ts).
 *
 * One order at a time. An order has a time limit; a process that does not keep it, that ends, or that says what is not JSON is killed,
 * and the order rejects with the reason: the end of what the process wrote to its standard error is part of it. Every process that was
 * started here ends with us, however we end, for its standard input then ends; on a regular exit it is killed by its id.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Hello, Order, Reply } from './peer.js';

const running = new Set<ChildProcess>();
let isWatchingExit = false;
const complaintBytes = 2000;

export class Channel {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #complaint = '';
  #why: string | undefined;
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;

  constructor(command: readonly string[]) {
    const [program = '', ...words] = command;
    this.#process = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.#process);
    // A process that nobody asks does not keep ours alive: an order has a time limit, which does.
    this.#process.unref();
    for (const pipe of this.#process.stdio) (pipe as Socket | null)?.unref();
    if (!isWatchingExit) process.once('exit', killAll);
    isWatchingExit = true;
    this.#ended = new Promise((resolve) => {
      const end = (why: string): void => {
        running.delete(this.#process);
        this.#why ??= why;
        const { reject } = this.#waiting ?? {};
        this.#waiting = undefined;
        reject?.(this.#error());
        resolve();
      };
      this.#process.once('error', (error) => end(`could not be started: ${error.message}`));
      this.#process.once('close', (code, signal) => end(`ended with ${signal ?? `code ${code}`}`));
    });
    this.#process.stdin?.on('error', () => {}); // a process that has ended says so itself
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-complaintBytes);
    });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      const { resolve } = this.#waiting ?? {};
      this.#waiting = undefined;
      resolve?.(line);
    });
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#why !== undefined;
  }

  hello(millis: number): Promise<Hello> {
    return this.#next(millis) as Promise<Hello>;
  }

  ask(order: Order, millis: number): Promise<Reply> {
    const reply = this.#next(millis);
    if (!this.hasEnded) this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
    return reply as Promise<Reply>;
  }

  /** In the middle of whatever it does. */
  async kill(): Promise<void> {
    if (!this.hasEnded) this.#process.kill('SIGKILL');
    const alive = setInterval(() => {}, 1000);
    await this.#ended;
    clearInterval(alive);
  }

  /** As it likes to end; killed when it takes longer. */
  async close(millis: number): Promise<void> {
    if (this.hasEnded) return;
    try {
      await this.ask({ order: 'close' }, millis);
      this.#process.stdin?.end();
      const late = setTimeout(() => this.#process.kill('SIGKILL'), millis);
      await this.#ended;
      clearTimeout(late);
    } finally {
      await this.kill();
    }
  }

  async #next(millis: number): Promise<unknown> {
    if (this.#waiting !== undefined) throw new Error('it was asked before it had answered');
    let late: NodeJS.Timeout | undefined;
    try {
      const line = await new Promise<string>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        late = setTimeout(() => this.#give(`took longer than ${millis / 1000} s`), millis);
        if (this.hasEnded) this.#give('');
      });
      return JSON.parse(line);
    } catch (error) {
      if (error instanceof SyntaxError) this.#give(`answered what is not JSON: ${error.message}`);
      throw error instanceof SyntaxError ? this.#error() : error;
    } finally {
      clearTimeout(late);
    }
  }

  /** It is given up for this reason, unless it has ended for another. */
  #give(why: string): void {
    this.#why ??= why;
    this.#process.kill('SIGKILL');
    const { reject } = this.#waiting ?? {};
    this.#waiting = undefined;
    reject?.(this.#error());
  }

  #error(): Error {
    const complaint = this.#complaint.trim().split('\n').slice(-3).join(' / ');
    return new Error(complaint === '' ? (this.#why ?? '') : `${this.#why}: ${complaint}`);
  }
}

function killAll(): void {
  for (const each of running) each.kill('SIGKILL');
}

/**
 * A process of its own for each case: its memory is its own to count, and its compiled code that of one job.
 *
 * The parent asks for a round and gets a sample; while it waits it samples the child's memory. A child that dies, or answers
 * with an error, rejects the round it was asked for. The protocol is `Order` down and `Answer` up.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sample } from './figures.js';
import { anonymousBytes, programBytes } from './memory.js';

export interface Job {
  /** Which case; see worker.ts. */
  readonly name: string;
  /** Where its store is. */
  readonly directory: string;
  /** Milliseconds that a round may take. */
  readonly millis: number;
  readonly parameters: Readonly<Record<string, number | string>>;
}

export type Order = 'round' | 'close';

export type Answer = { sample: Sample } | { error: string } | { position: number } | { closed: true };

const sampleEveryMillis = 50;

/** Those that run. Whoever leaves early, for an error or Ctrl-C, must not leave them behind, writing. */
const living = new Set<ChildProcess>();
process.prependListener('exit', () => {
  for (const each of living) each.kill('SIGKILL');
});

export class Child {
  readonly job: Job;
  readonly #process: ChildProcess;
  #peakAnonymous = 0;
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  /** Called with what a writer reports on its way. */
  onPosition: ((position: number) => void) | undefined;

  constructor(job: Job) {
    this.job = job;
    this.#process = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), [JSON.stringify(job)]);
    living.add(this.#process);
    this.#process.on('message', (answer: Answer) => {
      if ('position' in answer) this.onPosition?.(answer.position);
      else this.#settle(answer);
    });
    this.#process.once('exit', (code, signal) => {
      living.delete(this.#process);
      this.#fail(`ended with ${signal ?? `code ${code}`}`);
    });
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`the process of ${this.job.name} did not start`);
    return pid;
  }

  /** One round, with `memoryMiB`: the most that was its own at any time so far. */
  async round(): Promise<Sample> {
    const pid = this.#process.pid ?? 0;
    const look = (): void => {
      this.#peakAnonymous = Math.max(this.#peakAnonymous, anonymousBytes(pid));
    };
    const timer = setInterval(look, sampleEveryMillis);
    try {
      const answer = await this.#ask('round');
      look();
      if (!('sample' in answer)) throw new Error(`${this.job.name}: ${'error' in answer ? answer.error : 'no sample'}`);
      const memory = this.#peakAnonymous + programBytes(pid, this.job.directory);
      return { ...answer.sample, memoryMiB: memory / 2 ** 20 };
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends the case properly. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = this.#exited();
    const answer = await this.#ask('close');
    this.#process.disconnect();
    await exited;
    if ('error' in answer) throw new Error(`${this.job.name}: ${answer.error}`);
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = this.#exited();
    this.#process.kill('SIGKILL');
    await exited;
  }

  /** Lets go of it and resolves with whether it ends by itself within `millis`. */
  async leave(millis: number): Promise<boolean> {
    const exited = this.#exited().then(() => true);
    this.#process.disconnect();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, millis, false);
    });
    const ended = await Promise.race([exited, late]);
    clearTimeout(timer);
    if (!ended) await this.kill();
    return ended;
  }

  #exited(): Promise<unknown> {
    return new Promise((resolve) => this.#process.once('exit', resolve));
  }

  #ask(order: Order): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#process.send(order, (error) => {
        if (error) this.#fail(error.message);
      });
    });
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #fail(reason: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(new Error(`the process of ${this.job.name} ${reason}`));
  }
}

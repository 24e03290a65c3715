/**
 * One session of the addon: its numbers, its tasks, its wake-up.
 *
 * Everything that ts/ asks of the addon for one store goes through here. Tasks are what may block (opening, closing, cold reads): each has a
 * number and a promise, settled when the addon says it is done. `hold` keeps the process alive exactly while somebody waits.
 * A status becomes an error here, with the errno, path and position that the addon noted beside it.
 */
import { type Addon, got, scratchNumbers, status } from './addon.js';
import { type StatusContext, type StoreError, statusError } from './errors.js';
import { nativeAddon } from './native.js';
import { Turn } from './turn.js';

interface Task {
  readonly done: (status: number, where: ErrorPlace | undefined) => void;
}

/** What the addon noted beside the last status that was not OK. */
type ErrorPlace = Pick<StatusContext, 'errno' | 'position' | 'holder' | 'path'>;

export interface FinishedTask {
  readonly task: number;
  readonly status: number;
  /** Belongs into the error of this task: other tasks that finished in the same turn have noted theirs since. */
  readonly where: ErrorPlace | undefined;
}

export class Session {
  readonly addon: Addon;
  readonly scratch: Float64Array = new Float64Array(scratchNumbers);
  readonly id: number;
  readonly turn: Turn = new Turn();
  readonly #tasks = new Map<number, Task>();
  #whenIdle: (() => void)[] = [];
  #lastTask = 0;
  #holders = 0;
  #isDisposed = false;

  /** `onWake` is called when the engine made progress, after finished tasks were settled. Throws NATIVE_MISSING. */
  constructor(onWake: () => void) {
    this.addon = nativeAddon();
    this.id = this.addon.create(() => {
      if (this.#isDisposed) return;
      this.#settleTasks();
      onWake();
    }, this.scratch);
  }

  /** One more, or one fewer, that keeps the process alive. */
  hold(change: 1 | -1): void {
    this.#holders += change;
    if (this.#isDisposed) return;
    if (this.#holders === (change === 1 ? 1 : 0)) this.addon.hold(this.id, change === 1);
  }

  /** Begins what `start` begins and resolves with its status and number. What it left stays until `addon.finish` or `addon.readBytes`. */
  run(start: (task: number) => void): Promise<FinishedTask> {
    const task = ++this.#lastTask;
    this.hold(1);
    return new Promise((resolve) => {
      this.#tasks.set(task, {
        done: (taskStatus, where) => {
          this.hold(-1);
          resolve({ task, status: taskStatus, where });
        },
      });
      start(task);
    });
  }

  /** Runs a task that leaves nothing but its status; rejects when that is not OK. */
  async complete(start: (task: number) => void, context: StatusContext): Promise<void> {
    const done = await this.run(start);
    this.addon.finish(this.id, done.task);
    if (done.status !== status.ok) throw this.error(done.status, { ...done.where, ...context });
  }

  /** The error for a status that was just returned. */
  error(code: number, context: StatusContext): StoreError {
    return statusError(code, { ...this.#place(code), ...context });
  }

  #place(code: number): ErrorPlace {
    const position = this.scratch[got.errorPosition] ?? -1;
    const isLocked = code === status.locked;
    return {
      errno: this.scratch[got.errno],
      position: isLocked ? undefined : position,
      holder: isLocked && position > 0 ? position : undefined,
      path: this.addon.path(this.id),
    };
  }

  number(place: number): number {
    return this.scratch[place] as number;
  }

  /** Resolves when no task is under way and whoever waited for one has gone on. */
  async idle(): Promise<void> {
    do {
      if (this.#tasks.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#tasks.size > 0);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.addon.dispose(this.id);
  }

  #settleTasks(): void {
    for (;;) {
      const task = this.addon.completion(this.id);
      if (task === 0) break;
      const code = this.number(got.taskStatus);
      const waiting = this.#tasks.get(task);
      this.#tasks.delete(task);
      waiting?.done(code, code === status.ok ? undefined : this.#place(code));
    }
    if (this.#tasks.size > 0) return;
    for (const resolve of this.#whenIdle) resolve();
    this.#whenIdle = [];
  }
}

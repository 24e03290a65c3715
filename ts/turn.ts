/**
 * How long this turn of the event loop has been kept, by whoever reads on and on without ever having to wait.
 *
 * What is in memory is handed out by promises that are settled already, and those keep timers, sockets and acknowledgements out. So every few
 * milliseconds the loop gets its turn. One for a store: what counts is the loop, not who keeps it.
 */

const keptMillis = 2;

export class Turn {
  #began = 0;
  #isNoted = false;
  #next: Promise<void> | undefined;

  /** The loop has just come round. */
  begin(): void {
    this.#began = performance.now();
  }

  /** Hands out what a call found in memory: at once, or in the next turn when such calls have kept this one for long. */
  give<T>(found: T): T | Promise<T> {
    if (this.#isNoted) return this.isLong ? this.over().then(() => found) : found;
    this.#isNoted = true;
    this.begin();
    setImmediate(() => {
      this.#isNoted = false;
    });
    return found;
  }

  get isLong(): boolean {
    return performance.now() - this.#began > keptMillis;
  }

  /** Resolves in the next turn, for all who wait for it together: each of them alone would take a turn's time. */
  over(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#next = undefined;
        this.begin();
        resolve();
      });
    });
    return this.#next;
  }
}

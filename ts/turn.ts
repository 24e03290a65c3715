/**
 * How long this turn of the event loop has been kept, by whoever reads on and on without ever having to wait.
 *
 * What is in memory is handed out by promises that are settled already, and those keep timers, sockets and acknowledgements out. So every few
 * milliseconds the loop gets its turn. One for a store: what counts is the loop, not who keeps it.
 */

const keptMillis = 2;

export class Turn {
  #began = 0;

  /** The loop has just come round. */
  begin(): void {
    this.#began = performance.now();
  }

  get isLong(): boolean {
    return performance.now() - this.#began > keptMillis;
  }

  /** Resolves in the next turn. */
  over(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.begin();
        resolve();
      });
    });
  }
}

/**
 * Waiting for room: producers that fill `maxPendingBytes` faster than the disk takes it sleep until half of it is free. One thread.
 */
import { checkWaitLimits } from './appendcheck.js';
import type { Appender } from './appender.js';
import { abortError, storeError } from './errors.js';
import { type WaitLimits, withLimits } from './waiting.js';

export class Room {
  readonly #appender: Appender;
  readonly #enough: number;
  readonly #waiting = new Set<() => void>();

  constructor(appender: Appender, maxPendingBytes: number) {
    this.#appender = appender;
    this.#enough = maxPendingBytes / 2;
  }

  async drained(options: WaitLimits | undefined): Promise<void> {
    checkWaitLimits(options, 'wait for room');
    await this.#appender.delivered;
    if (this.#appender.pendingBytes <= this.#enough) return;
    let wake = (): void => undefined;
    const room = new Promise<void>((done) => {
      wake = done;
      this.#waiting.add(wake);
    });
    await withLimits(
      room,
      options,
      () => storeError('FLUSH_TIMEOUT', 'No room yet.'),
      (signal) => abortError('wait for room', signal),
    ).finally(() => this.#waiting.delete(wake));
  }

  /** Something became of an append: whoever waited long enough goes on. */
  look(): void {
    if (this.#waiting.size > 0 && this.#appender.pendingBytes <= this.#enough) this.end();
  }

  /** Nobody waits any more. */
  end(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

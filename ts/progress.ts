/**
 * How far the store has come: its watermarks, waiting until one of them has passed a position, and making it pass.
 *
 * Whether the store is open, and may be written to, its caller has checked. One thread.
 */
import { got } from './addon.js';
import { checkWaitLimits, levelOf, safeInteger } from './appendcheck.js';
import type { Appender } from './appender.js';
import { abortError, storeError } from './errors.js';
import type { Session } from './session.js';
import type { Durability, Watermarks } from './types/append.js';
import { type WaitLimits, withLimits } from './waiting.js';

const untold = (): undefined => undefined;

export class Progress {
  readonly #session: Session;
  readonly #appender: Appender;

  constructor(session: Session, appender: Appender) {
    this.#session = session;
    this.#appender = appender;
  }

  /** As the engine last noted them, which it does now unless the store is closed. */
  marks(isClosed: boolean): Watermarks {
    const session = this.#session;
    if (!isClosed) session.addon.marks(session.id);
    const durable = session.number(got.durable);
    return Object.freeze({
      first: session.number(got.first),
      written: session.number(got.written),
      durable,
      replicated: durable,
      visible: session.number(got.visible),
    });
  }

  async reached(level: Durability, position: number, options: WaitLimits | undefined): Promise<Watermarks> {
    const waitLevel = levelOf(level, 'durable');
    safeInteger(position, 'position');
    checkWaitLimits(options, 'wait for a watermark');
    const marks = this.marks(false);
    if (marks[waitLevel] >= position) return marks;
    if (position > this.#session.addon.nextPosition(this.#session.id)) {
      throw storeError('INVALID_ARGUMENT', `Nothing was appended up to position ${position} yet.`);
    }
    this.#mustNotHaveFailed('wait for a watermark');
    await withLimits(
      this.#appender.waitFor(waitLevel, position, untold),
      options,
      () => storeError('FLUSH_TIMEOUT', `Position ${position} was not ${level} within ${options?.timeoutMs} ms.`),
      (signal) => abortError('wait for a watermark', signal),
    );
    return this.marks(false);
  }

  async flush(): Promise<Watermarks> {
    this.#mustNotHaveFailed('flush');
    const { addon, id } = this.#session;
    const end = addon.nextPosition(id);
    if (this.marks(false).durable < end) {
      const waiting = this.#appender.waitFor('durable', end, untold);
      this.#appender.handOff();
      addon.requestSync(id);
      await waiting;
    } else {
      this.#appender.progressed(); // it is durable before anybody was told
    }
    return this.marks(false);
  }

  /** Resolves when no append is pending any more. Whatever becomes of them, their own promises say it. */
  async settle(): Promise<void> {
    const { addon, id } = this.#session;
    this.#appender.handOff();
    addon.requestSync(id);
    if (this.#appender.waiters.size === 0) return;
    const end = addon.nextPosition(id);
    await this.#appender.waitFor('written', end, untold).catch(untold);
    // Asked again: a rejected write took back what was staged.
    const kept = addon.nextPosition(id);
    if (this.#appender.waiters.size > 0) await this.#appender.waitFor('durable', kept, untold).catch(untold);
  }

  #mustNotHaveFailed(doing: string): void {
    if (this.#session.number(got.failed) === 1) throw this.#appender.failureError(doing, 'no');
  }
}

/**
 * Deleting topics: first the place from which on a topic counts again is fixed, then made durable, then its queues go.
 *
 * Between the first step and the last nobody may make the topic again. A deletion that fails on the way (a full disk) is gone on with when it is
 * asked for again. One thread; the steps that may block are tasks of the session.
 */
import { got, status } from './addon.js';
import type { Appender } from './appender.js';
import type { Router } from './router.js';
import type { Session } from './session.js';
import type { Topics } from './topics.js';

export class Deleter {
  readonly #session: Session;
  readonly #topics: Topics;
  readonly #router: Router;
  readonly #appender: Appender;
  readonly #mustWrite: (doing: string) => void;

  /** `mustWrite` throws when the store takes no changes any more. */
  constructor(session: Session, topics: Topics, router: Router, appender: Appender, mustWrite: (doing: string) => void) {
    this.#session = session;
    this.#topics = topics;
    this.#router = router;
    this.#appender = appender;
    this.#mustWrite = mustWrite;
  }

  /** Resolves when the deletion lasts. UNKNOWN_TOPIC, FLUSH_FAILED, DISK_FULL. */
  async delete(name: string): Promise<void> {
    const doing = `delete topic "${name}"`;
    let position = this.#topics.unfinished(name);
    if (position === undefined) {
      const { addon, id } = this.#session;
      this.#mayBegin(name, doing);
      let code = addon.beginDelete(id, name);
      // Its last record must be written before the place is noted from which on the topic counts again.
      while (code === status.busy) {
        this.#appender.handOff();
        await this.#appender.waitFor('written', addon.nextPosition(id), () => undefined);
        this.#mayBegin(name, doing);
        code = addon.beginDelete(id, name);
      }
      if (code !== status.ok) throw this.#session.error(code, { doing });
      position = this.#session.number(got.position);
      this.#topics.remove(name, position);
    }
    await this.#topics.whileDeleting(name, this.#finish(name, position, doing));
  }

  #mayBegin(name: string, doing: string): void {
    this.#mustWrite(doing);
    this.#router.known(name);
    const { addon, id } = this.#session;
    addon.marks(id);
    if (this.#session.number(got.failed) === 1) throw this.#appender.failureError(doing, 'no');
  }

  async #finish(name: string, position: number, doing: string): Promise<void> {
    const { addon, id } = this.#session;
    addon.marks(id);
    if (this.#session.number(got.durable) < position) {
      const durable = this.#appender.waitFor('durable', position, () => undefined);
      addon.requestSync(id);
      await durable;
    }
    await this.#session.complete((task) => addon.finishDelete(id, task, name, position), { doing });
    await this.#topics.save();
  }
}

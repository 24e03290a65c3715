/**
 * Turns many requests to save into few saves.
 *
 * Requests of one turn of the event loop share one save, begun when the turn ends; requests made while a save runs share the next one, so a
 * promise resolves only after a save that began after its request. Saves never overlap. A save that fails rejects those who shared it, and the
 * next request tries again. No timers: with nothing requested, nothing runs.
 */
export class SaveCoalescer {
  readonly #save: () => Promise<void>;
  #next: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** `save` writes everything as it stands when it is called. */
  constructor(save: () => Promise<void>) {
    this.#save = save;
  }

  /** Resolves when everything that stood at the time of this call is saved. */
  request(): Promise<void> {
    this.#next ??= this.#begin(this.#last);
    return this.#next;
  }

  /** Resolves, never rejects, when no save is running or requested. */
  async idle(): Promise<void> {
    for (let seen: Promise<unknown> | undefined; seen !== this.#last; ) {
      seen = this.#last;
      await seen;
    }
  }

  #begin(previous: Promise<unknown>): Promise<void> {
    const saved = (async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      await previous;
      this.#next = undefined;
      await this.#save();
    })();
    this.#last = saved.catch(() => undefined);
    return saved;
  }
}

/**
 * Stores whose writer was killed at full speed, to be opened again and again as it left them.
 *
 * What an opening changes is everything but the log (of that it cuts the torn end, once): so a copy of the rest is kept from right
 * after the kill, put back before each opening, and the log stays where it is. Whoever opened is killed too.
 */
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sample } from './figures.js';
import { openAndKill, readAll, writeAndKill } from './reopenprobe.js';

const log = 'commitlog';
/** A writer is a little further than it was to be when it is killed; behind that, blocks are empty. */
const overshotBytes = 64 * 2 ** 20;

export class KilledStore {
  readonly directory: string;
  readonly #bytes: number;
  readonly #settle: () => Promise<unknown>;
  #made: Promise<void> | undefined;

  /** Nothing is written before the first opening; then the log gets `bytes`, and `settle` waits until they are on the disk. */
  constructor(directory: string, bytes: number, settle: () => Promise<unknown>) {
    this.directory = directory;
    this.#bytes = bytes;
    this.#settle = settle;
  }

  /** As it was left; with `isBare` without the side-car, and every byte of the log read before, so that it is in memory. */
  async open(isBare: boolean): Promise<Sample> {
    this.#made ??= this.#make();
    await this.#made;
    for (const name of await readdir(this.directory)) {
      if (name !== log) await rm(join(this.directory, name), { recursive: true });
    }
    await cp(this.#kept, this.directory, { recursive: true, preserveTimestamps: true });
    if (isBare) {
      await rm(join(this.directory, 'millrace'), { recursive: true });
      await readAll(join(this.directory, log), this.#bytes + overshotBytes);
    }
    return openAndKill(this.directory);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    await rm(this.#kept, { recursive: true, force: true });
  }

  get #kept(): string {
    return `${this.directory}-kept`;
  }

  async #make(): Promise<void> {
    await writeAndKill(this.directory, this.#bytes);
    for (const name of await readdir(this.directory)) {
      if (name !== log) await cp(join(this.directory, name), join(this.#kept, name), { recursive: true, preserveTimestamps: true });
    }
    await this.#settle();
  }
}

/**
 * Turns "written up to here, durable up to here" into settled promises.
 *
 * One wake-up settles every waiter at or below the watermark, so ten thousand appends cost one. Waiters of one level stand in the order of
 * their positions, which is the order of the calls. What a rejected write (a full disk) or a failed sync means for them is decided by
 * the store; here they are only rejected in that order. Bytes count as pending until their waiter is settled, also when its caller gave up.
 */
import type { Durability } from './types/append.js';

/** Somebody who waits until the log is written, or durable, up to `end`. */
export interface Waiter {
  readonly end: number;
  /** What it adds to the bytes that are pending. */
  readonly bytes: number;
  resolve(durability: Durability): void;
  reject(error: Error): void;
}

/** Places of a queue of waiters that are kept when it is empty. */
const keptWaiters = 8192;

/** Grows as far as it has to and keeps its memory: emptied and filled thousands of times a second. */
class WaiterQueue {
  #waiters: (Waiter | undefined)[] = [];
  #head = 0;
  #tail = 0;

  get size(): number {
    return this.#tail - this.#head;
  }

  push(waiter: Waiter): void {
    this.#waiters[this.#tail++] = waiter;
  }

  /** The first one if it ends at or below `position`. */
  takeUpTo(position: number): Waiter | undefined {
    if (this.#head === this.#tail) return undefined;
    const first = this.#waiters[this.#head] as Waiter;
    if (first.end > position) return undefined;
    this.#waiters[this.#head++] = undefined;
    if (this.#head === this.#tail) {
      if (this.#tail > keptWaiters) this.#waiters = [];
      this.#head = this.#tail = 0;
    } else if (this.#head > keptWaiters && this.#head * 2 > this.#tail) {
      this.#waiters = this.#waiters.slice(this.#head, this.#tail);
      this.#tail -= this.#head;
      this.#head = 0;
    }
    return first;
  }

  takeAll(): Waiter[] {
    const all = this.#waiters.slice(this.#head, this.#tail) as Waiter[];
    this.#waiters = [];
    this.#head = this.#tail = 0;
    return all;
  }
}

export class Waiters {
  readonly #written: WaiterQueue = new WaiterQueue();
  readonly #durable: WaiterQueue = new WaiterQueue();
  #pendingBytes = 0;

  get size(): number {
    return this.#written.size + this.#durable.size;
  }
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Waiters of a level come in the order of their ends. */
  add(level: 'written' | 'durable', waiter: Waiter): void {
    this.#pendingBytes += waiter.bytes;
    (level === 'written' ? this.#written : this.#durable).push(waiter);
  }

  settle(written: number, durable: number): void {
    for (let waiter = this.#durable.takeUpTo(durable); waiter !== undefined; waiter = this.#durable.takeUpTo(durable)) {
      this.#pendingBytes -= waiter.bytes;
      waiter.resolve('durable');
    }
    for (let waiter = this.#written.takeUpTo(written); waiter !== undefined; waiter = this.#written.takeUpTo(written)) {
      this.#pendingBytes -= waiter.bytes;
      waiter.resolve(waiter.end <= durable ? 'durable' : 'written');
    }
  }

  /** Rejects everybody whose bytes end above `position`, in the order of the log; those below go on waiting. */
  rejectAbove(position: number, errorOf: (waiter: Waiter) => Error): void {
    const stay: ['written' | 'durable', Waiter][] = [];
    const go: Waiter[] = [];
    for (const waiter of this.#written.takeAll()) waiter.end > position ? go.push(waiter) : stay.push(['written', waiter]);
    for (const waiter of this.#durable.takeAll()) waiter.end > position ? go.push(waiter) : stay.push(['durable', waiter]);
    for (const [level, waiter] of stay) (level === 'written' ? this.#written : this.#durable).push(waiter);
    go.sort((a, b) => a.end - b.end);
    for (const waiter of go) {
      this.#pendingBytes -= waiter.bytes;
      waiter.reject(errorOf(waiter));
    }
  }
}

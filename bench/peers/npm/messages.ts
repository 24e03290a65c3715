/**
 * The messages that a peer appends, made before the clock runs, as those of our own cases are (cases/messages.ts): bodies of random
 * bytes, distinct, and keys in turns. Which queue and which number in it a message has is told while it runs: to number messages is a
 * store's work.
 */
import { randomBytes } from 'node:crypto';
import type { Feed } from './store.js';

const bodies = 1000;
const mostPoolBytes = 64 * 2 ** 20;
const keys = 2 ** 17;

export class Messages implements Feed {
  queue = 0;
  sequence = 0;
  key = '';
  body: Buffer = Buffer.alloc(0);
  readonly #bodies: readonly Buffer[];
  readonly #keys: readonly string[];
  readonly #next: Float64Array;
  #count = 0;

  constructor(bodyBytes: number, queues: number, hasKeys: boolean) {
    const count = Math.max(1, Math.min(bodies, Math.floor(mostPoolBytes / bodyBytes)));
    const pool = randomBytes(count * bodyBytes);
    this.#bodies = Array.from({ length: count }, (_, i) => pool.subarray(i * bodyBytes, (i + 1) * bodyBytes));
    this.#keys = hasKeys ? Array.from({ length: keys }, (_, i) => `order-${i}`) : [];
    this.#next = new Float64Array(queues);
  }

  /** Appended so far, of all queues. */
  get count(): number {
    return this.#count;
  }

  advance(): void {
    const number = this.#count++;
    const queue = number % this.#next.length;
    const sequence = this.#next[queue] as number;
    this.#next[queue] = sequence + 1;
    this.queue = queue;
    this.sequence = sequence;
    this.body = this.#bodies[number % this.#bodies.length] as Buffer;
    if (this.#keys.length > 0) this.key = this.#keys[number % keys] as string;
  }
}

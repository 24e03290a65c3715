/**
 * A place in the byte order of a stream, for bytes that do not go through its `write`.
 *
 * To the stream each such passage is one write of nothing: what was written before is handed over first, and what is written later (also `end()`,
 * also another passage) waits in the stream's own buffer until the passage is over. For that the stream's `_write` is replaced while passages wait,
 * and `_writev` taken away, since writes that are joined cannot be told apart; both are put back with the last passage.
 */
import { type Duplex, Writable } from 'node:stream';

type WriteDone = (error?: Error | null) => void;

/** One that waits for its turn. */
export interface Passage {
  /** It is its turn; `leave` ends it. Must not throw. */
  enter(outlet: Outlet): void;
  /** The stream was destroyed or is closed, before or during the turn. */
  lost(error: Error | undefined): void;
}

const outlets = new WeakMap<Duplex, Outlet>();

export class Outlet {
  readonly socket: Duplex;
  readonly #waiting = new Map<Uint8Array, Passage>();
  #write: Duplex['_write'];
  #writev: Duplex['_writev'];
  #ownWrite: PropertyDescriptor | undefined;
  #ownWritev: PropertyDescriptor | undefined;
  #present: Passage | undefined;
  #presentDone: WriteDone = () => undefined;
  #isInstalled = false;
  readonly #closed = (): void => this.#lose(undefined);

  private constructor(socket: Duplex) {
    this.socket = socket;
    this.#write = socket._write;
    this.#writev = socket._writev;
  }

  /** The one of this stream. */
  static of(socket: Duplex): Outlet {
    let outlet = outlets.get(socket);
    if (outlet === undefined) {
      outlet = new Outlet(socket);
      outlets.set(socket, outlet);
    }
    return outlet;
  }

  /** The stream's own `_write`. */
  get write(): Duplex['_write'] {
    return this.#write;
  }

  /** Behind everything written so far. The turn may come before this returns. */
  queue(passage: Passage): void {
    this.#install();
    const token = Buffer.alloc(0);
    this.#waiting.set(token, passage);
    this.socket.write(token, (error) => {
      if (error === undefined || error === null || !this.#waiting.delete(token)) return;
      passage.lost(error);
      this.#uninstallWhenIdle();
    });
  }

  /** A passage's bytes, through the stream's own machinery; during its turn, one after the other. */
  copy(bytes: Uint8Array, done: WriteDone): void {
    this.#forward(bytes, 'buffer' as BufferEncoding, done);
  }

  /** The turn is over: the stream goes on with what was written behind. */
  leave(passage: Passage): void {
    if (this.#present !== passage) return;
    this.#present = undefined;
    this.#uninstallWhenIdle();
    this.#presentDone();
  }

  #forward(chunk: Uint8Array, encoding: BufferEncoding, done: WriteDone): void {
    const { socket } = this;
    // A stream may have nothing but a `_writev`, which the `_write` of all streams would look for on the object.
    if (this.#write === Writable.prototype._write && typeof this.#writev === 'function')
      this.#writev.call(socket, [{ chunk, encoding }], done);
    else this.#write.call(socket, chunk, encoding, done);
  }

  #install(): void {
    if (this.#isInstalled) return;
    const { socket } = this;
    this.#isInstalled = true;
    this.#write = socket._write;
    this.#writev = socket._writev;
    this.#ownWrite = Object.getOwnPropertyDescriptor(socket, '_write');
    this.#ownWritev = Object.getOwnPropertyDescriptor(socket, '_writev');
    const take = (chunk: Uint8Array, encoding: BufferEncoding, done: WriteDone): void => this.#take(chunk, encoding, done);
    Object.defineProperty(socket, '_write', { value: take, configurable: true, writable: true });
    Object.defineProperty(socket, '_writev', { value: null, configurable: true, writable: true });
    socket.once('close', this.#closed);
  }

  #uninstallWhenIdle(): void {
    if (!this.#isInstalled || this.#present !== undefined || this.#waiting.size > 0) return;
    this.#isInstalled = false;
    this.socket.off('close', this.#closed);
    restore(this.socket, '_write', this.#ownWrite);
    restore(this.socket, '_writev', this.#ownWritev);
  }

  #take(chunk: Uint8Array, encoding: BufferEncoding, done: WriteDone): void {
    const passage = this.#waiting.get(chunk);
    if (passage === undefined) {
      this.#forward(chunk, encoding, done);
      return;
    }
    this.#waiting.delete(chunk);
    this.#present = passage;
    this.#presentDone = done;
    this.#enterWhenConnected(passage);
  }

  #enterWhenConnected(passage: Passage): void {
    const { socket } = this;
    const enter = (): void => {
      if (this.#present === passage) passage.enter(this);
    };
    if ('connecting' in socket && socket.connecting === true) socket.once('connect', enter);
    else enter();
  }

  #lose(error: Error | undefined): void {
    const lost = [...this.#waiting.values()];
    if (this.#present !== undefined) lost.unshift(this.#present);
    this.#waiting.clear();
    for (const passage of lost) passage.lost(error);
    this.#uninstallWhenIdle();
  }
}

function restore(socket: Duplex, name: '_write' | '_writev', own: PropertyDescriptor | undefined): void {
  if (own === undefined) Reflect.deleteProperty(socket, name);
  else Object.defineProperty(socket, name, own);
}

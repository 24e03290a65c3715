/**
 * Transfers: records sent to a stream as they stand in the log, in the byte order of what is written to it.
 *
 * A transfer waits for its turn (outlet.ts), is planned then, and asks for its header. To a plain TCP socket the engine sends (native/engine/
 * transfer.h): few bytes that are in memory at once, everything else from a thread that no other transfer and no event loop waits for. To any other
 * stream its bytes are copied, piece after piece. Whatever ends a transfer before its first byte leaves the stream as it was; later it destroys
 * the stream, without an error, because the promise says why.
 */
import type { Duplex } from 'node:stream';
import { got, sendPath, status } from './addon.js';
import { descriptorOf } from './descriptor.js';
import { abortError, errnoName, type StoreError, storeError } from './errors.js';
import { Outlet, type Passage } from './outlet.js';
import type { Limits, Reader } from './reader.js';
import type { FinishedTask, Session } from './session.js';
import { type Asked, askedFor, doing } from './transferoptions.js';
import type { TransferOptions, TransferPlan, TransferResult } from './types/transfer.js';

/** Of the copying way: what waits in the stream at a time. */
const pieceBytes = 256 * 1024;
const nothing = new Uint8Array(0);

/** What one transfer is about. */
interface Request extends Asked {
  readonly offset: number;
  readonly limits: Limits;
  /** The handle of the queue, negative when there is none. */
  readonly queue: () => number;
}

export class Transfers {
  readonly #session: Session;
  readonly #reader: Reader;
  readonly #running = new Set<Transfer>();
  #lastPlan = 0;

  constructor(session: Session, reader: Reader) {
    this.#session = session;
    this.#reader = reader;
  }

  /** `queue` looks the queue up, at the call and again when it is the transfer's turn. */
  async send(socket: Duplex, offset: number, options: TransferOptions, queue: () => number): Promise<TransferResult> {
    queue();
    const { read, ...asked } = askedFor(socket, options);
    const limits = this.#reader.limits(read);
    const transfer = new Transfer(this.#session, this.#reader, ++this.#lastPlan, { ...asked, offset, limits, queue });
    this.#running.add(transfer);
    try {
      // What went at once may be followed by the next, and the next.
      return await this.#session.turn.give(await transfer.run());
    } finally {
      this.#running.delete(transfer);
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const transfer of this.#running)
      transfer.halt(storeError('NOT_OPEN', 'The store was closed while records were transferred. Open it again.'));
  }
}

class Transfer implements Passage {
  readonly #session: Session;
  readonly #reader: Reader;
  readonly #plan: number;
  readonly #asked: Request;
  #resolve: (result: TransferResult) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #isSettled = false;
  #outlet: Outlet | undefined;
  /** Why it must not go on. */
  #stop: StoreError | undefined;
  /** Of the engine's thread, while it sends. */
  #task = 0;
  #hasSent = false;
  readonly #aborted = (): void => this.halt(abortError(doing, this.#asked.signal as AbortSignal));

  constructor(session: Session, reader: Reader, plan: number, asked: Request) {
    this.#session = session;
    this.#reader = reader;
    this.#plan = plan;
    this.#asked = asked;
  }

  run(): Promise<TransferResult> {
    this.#asked.signal?.addEventListener('abort', this.#aborted, { once: true });
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      Outlet.of(this.#asked.socket).queue(this);
    });
  }

  enter(outlet: Outlet): void {
    if (this.#isSettled) {
      outlet.leave(this);
      return;
    }
    this.#outlet = outlet;
    this.#send(outlet).then(
      (result) => {
        if (this.#settle()) this.#resolve(result);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  lost(error: Error | undefined): void {
    this.halt(goneError(error));
  }

  halt(error: StoreError): void {
    if (this.#stop !== undefined) return;
    this.#stop = error;
    // Whoever sends has to let go of the socket first.
    if (this.#task !== 0) this.#session.addon.cancelSend(this.#session.id, this.#task);
    else this.#fail(error);
  }

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    // Without the error: nobody may be listening for it there.
    if (this.#hasSent) this.#asked.socket.destroy();
    this.#reject(error);
  }

  /** False when it was settled before. */
  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#asked.signal?.removeEventListener('abort', this.#aborted);
    this.#session.addon.forgetPlan(this.#session.id, this.#plan);
    this.#outlet?.leave(this);
    return true;
  }

  #mustGoOn(): void {
    if (this.#stop !== undefined) throw this.#stop;
    if (this.#asked.socket.destroyed) throw goneError(undefined);
  }

  async #send(outlet: Outlet): Promise<TransferResult> {
    const queue = this.#asked.queue();
    const plan = queue < 0 ? this.#noQueue() : (this.#planNow(queue) ?? (await this.#planLater(queue)));
    this.#mustGoOn();
    const { header, socket, path } = this.#asked;
    const head = header === undefined ? nothing : header(plan);
    if (head !== undefined && !(head instanceof Uint8Array))
      throw storeError(
        'INVALID_ARGUMENT',
        'What header returned is no Uint8Array: return the bytes to send first, or undefined to send nothing.',
      );
    this.#mustGoOn();
    if (head === undefined || head.length + plan.bytes === 0) return { ...plan, path: 'none' };
    const descriptor = path === 'copy' ? -1 : descriptorOf(socket, outlet.write);
    if (descriptor < 0) return { ...plan, path: await this.#copy(outlet, head, plan.bytes) };
    return { ...plan, path: await this.#sendByEngine(descriptor, head) };
  }

  // -------------------------------------------------------------------------------------------- planning

  /** Undefined when not everything is in memory. */
  #planNow(queue: number): TransferPlan | undefined {
    const { addon, id } = this.#session;
    const { offset, limits } = this.#asked;
    this.#reader.ask(offset, limits, true);
    const code = addon.planTransfer(id, this.#plan, queue);
    if (code === status.wouldBlock) return undefined;
    if (code === status.notFound) return this.#noQueue();
    if (code !== status.ok) throw this.#session.error(code, { doing: `${doing} from offset ${offset}` });
    return this.#found();
  }

  async #planLater(queue: number): Promise<TransferPlan> {
    const { addon, id } = this.#session;
    const { offset, limits } = this.#asked;
    const done = await this.#session.run((task) => {
      this.#reader.ask(offset, limits, false);
      addon.planTransferLater(id, task, queue);
    });
    if (this.#isSettled) addon.finish(id, done.task);
    else addon.planTransferDone(id, done.task, this.#plan);
    this.#mustGoOn();
    if (done.status === status.notFound) return this.#noQueue();
    if (done.status !== status.ok)
      throw this.#session.error(done.status, { doing: `${doing} from offset ${offset}`, ...done.where });
    return this.#found();
  }

  #found(): TransferPlan {
    const session = this.#session;
    return { ...this.#reader.numbers(), messages: session.number(got.messages), bytes: session.number(got.bytes) };
  }

  #noQueue(): TransferPlan {
    return { ...this.#reader.noQueue(), messages: 0, bytes: 0 };
  }

  // -------------------------------------------------------------------------------------------- sending

  async #sendByEngine(descriptor: number, head: Uint8Array): Promise<'sendfile' | 'writev'> {
    const session = this.#session;
    const { addon, id } = session;
    const code = addon.sendNow(id, this.#plan, descriptor, head);
    this.#hasSent = session.number(got.sent) > 0;
    if (code === status.ok) return 'writev';
    if (code !== status.wouldBlock)
      throw sendError(session, { task: 0, status: code, where: { errno: session.number(got.errno) } });
    const done = await session.run((task) => {
      this.#task = task;
      addon.send(
        id,
        task,
        this.#plan,
        descriptor,
        sendPath[this.#asked.path === 'copy' ? 'chosen' : (this.#asked.path ?? 'chosen')],
      );
    });
    this.#task = 0;
    addon.sendDone(id, done.task);
    this.#hasSent = session.number(got.sent) > 0;
    if (done.status !== status.ok) throw this.#stop ?? sendError(session, done);
    return session.number(got.sendPath) === sendPath.sendfile ? 'sendfile' : 'writev';
  }

  async #copy(outlet: Outlet, head: Uint8Array, bytes: number): Promise<'copy'> {
    let before = head;
    for (let at = 0; at < bytes || before.length > 0; ) {
      const size = Math.min(pieceBytes, bytes - at);
      const piece = Buffer.allocUnsafeSlow(before.length + size);
      piece.set(before);
      if (size > 0) await this.#readPiece(at, piece.subarray(before.length));
      this.#mustGoOn();
      this.#hasSent = true;
      await new Promise<void>((resolve, reject) => outlet.copy(piece, (error) => (error ? reject(goneError(error)) : resolve())));
      this.#mustGoOn();
      at += size;
      before = nothing;
    }
    return 'copy';
  }

  async #readPiece(at: number, to: Buffer): Promise<void> {
    const { addon, id } = this.#session;
    const code = addon.readPlanned(id, this.#plan, at, to);
    if (code === status.ok) return;
    if (code !== status.wouldBlock) throw this.#session.error(code, { doing });
    const done = await this.#session.run((task) => addon.readPlannedLater(id, task, this.#plan, at, to.length));
    addon.readBytes(id, done.task, to, 0);
    if (done.status !== status.ok) throw this.#session.error(done.status, { doing, ...done.where });
  }
}

/** What ended a transfer on the engine's side: the peer, or the log. */
function sendError(session: Session, { status: code, where }: FinishedTask): StoreError {
  if (code === status.notOpen) return storeError('NOT_OPEN', `Cannot ${doing}: the store is closed. Open it again.`);
  const errno = where?.errno ?? 0;
  if (where?.path || errno === 0) return session.error(code, { doing, ...where });
  const { name, text } = errnoName(errno);
  return storeError(session.error(code, { doing }).code, `Cannot ${doing}: sending to the socket failed (${name}, ${text}).`, {
    details: { errno: name },
  });
}

function goneError(error: Error | undefined): StoreError {
  const name = error !== undefined && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const errno = name === undefined || name.startsWith('ERR_') ? 'EPIPE' : name;
  return storeError('IO_ERROR', `Cannot ${doing}: the socket was closed, by its peer or on this side (${errno}).`, {
    details: { errno },
    ...(error === undefined ? undefined : { cause: error }),
  });
}

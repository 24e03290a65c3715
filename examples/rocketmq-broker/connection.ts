/**
 * One client's connection: requests come in, each is served on its own, answers go out in the order in which they are ready.
 *
 * A frame that cannot be understood ends the connection. A client that does not read its answers is not read from until it does; one that has
 * been silent for four heartbeats is gone.
 */
import type { Socket } from 'node:net';
import { encodeFrameHead, FrameReader } from './frame.js';
import { serialization } from './header.js';
import { type Answer, Request } from './request.js';

const silenceMs = 120_000;
/** At the end: how long a client may keep its last answers waiting, and not hang up. */
const farewellMs = 5_000;
const nothing = Buffer.alloc(0);
/** Bits of a header's flag. */
const isAnswer = 1;
const isOneWay = 2;

export class Connection {
  readonly socket: Socket;
  /** `address:port` of the client. */
  readonly remote: string;
  readonly #frames = new FrameReader();
  readonly #serve: (request: Request) => Promise<void>;
  readonly #serving = new Set<Promise<void>>();
  readonly #ending = new AbortController();

  /** `serve` answers a request, and does not reject. */
  constructor(socket: Socket, serve: (request: Request, connection: Connection) => Promise<void>) {
    this.socket = socket;
    this.remote = hostOf(socket);
    this.#serve = (request) => serve(request, this);
    socket.setNoDelay(true);
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('drain', () => socket.resume());
    socket.on('error', () => undefined); // `close` follows.
    socket.on('close', () => this.#ending.abort());
  }

  /** Aborted when the client is gone, and when the broker stops: what waits for something should stop to. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  answer(request: Request, answer: Answer): void {
    const { body = nothing } = answer;
    this.#write(this.answerHead(request, answer, body.length), body);
  }

  /** The beginning of an answer whose body, of that many bytes, somebody else will send. */
  answerHead({ opaque, serialization }: Request, { code, remark, fields }: Answer, bodyBytes: number): Buffer {
    return encodeFrameHead({ code, opaque, flag: isAnswer, remark, fields: texts(fields) }, serialization, bodyBytes);
  }

  /** Tells the client something. Nothing comes back. */
  tell(code: number, fields: Answer['fields']): void {
    this.#write(encodeFrameHead({ code, opaque: 0, flag: isOneWay, fields: texts(fields) }, serialization.json, 0), nothing);
  }

  /** Serves no further request, answers those it has, and hangs up. */
  async finish(): Promise<void> {
    // Read on all the same: closing over unread bytes would take back answers that are on their way.
    this.socket.removeAllListeners('data').resume().setTimeout(farewellMs);
    this.#ending.abort();
    await Promise.all(this.#serving);
    this.socket.end();
  }

  #received(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) {
        // This broker asks nothing, so an answer is a mistake.
        if ((frame.header.flag & isAnswer) !== 0) continue;
        const serving = this.#serve(new Request(frame)).finally(() => this.#serving.delete(serving));
        this.#serving.add(serving);
      }
    } catch {
      this.socket.destroy();
    }
  }

  #write(head: Buffer, body: Uint8Array): void {
    const { socket } = this;
    if (!socket.writable) return;
    socket.cork();
    socket.write(head);
    if (body.length > 0) socket.write(body);
    socket.uncork();
    if (socket.writableNeedDrain) socket.pause();
  }
}

function texts(fields: Answer['fields']): ReadonlyMap<string, string> {
  return new Map(Object.entries(fields ?? {}).map(([name, value]) => [name, String(value)]));
}

/** An IPv4 client of a socket that takes both kinds looks like `::ffff:10.1.2.3`. */
function hostOf({ remoteAddress = '127.0.0.1', remotePort = 0 }: Socket): string {
  const address = remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '').replace(/%.*$/, '');
  return address.includes(':') ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
}

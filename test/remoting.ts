/**
 * RocketMQ's remoting protocol spoken by hand, with nothing of the example broker's own codec: a client of the tests.
 *
 * Answers are matched to questions by their number; what the broker says unasked is kept in `told`.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RemoteAnswer {
  readonly code: number;
  readonly flag: number;
  readonly opaque: number;
  readonly remark: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
type Fields = Readonly<Record<string, string | number>>;

/** A whole frame, its header as JSON text or in the binary form. */
export function frameOf(mark: 0 | 1, header: Buffer, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + header.length + body.length, 0);
  head.writeInt32BE((mark << 24) | header.length, 4);
  return Buffer.concat([head, header, body]);
}

export function requestFrame(
  kind: 'json' | 'binary',
  code: number,
  opaque: number,
  flag: number,
  fields: Fields,
  body?: Buffer,
): Buffer {
  const extFields = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  if (kind === 'binary') return frameOf(1, binaryHeader(code, opaque, flag, extFields), body);
  return frameOf(0, Buffer.from(JSON.stringify({ code, language: 'JAVA', version: 513, opaque, flag, extFields })), body);
}

function binaryHeader(code: number, opaque: number, flag: number, fields: Readonly<Record<string, string>>): Buffer {
  const start = Buffer.alloc(17);
  start.writeInt16BE(code, 0);
  start.writeInt16BE(513, 3);
  start.writeInt32BE(opaque, 5);
  start.writeInt32BE(flag, 9);
  const pairs = Object.entries(fields).map(([name, value]) => {
    const pair = Buffer.alloc(6 + Buffer.byteLength(name) + Buffer.byteLength(value));
    pair.writeInt16BE(Buffer.byteLength(name), 0);
    const valueAt = 2 + pair.write(name, 2);
    pair.writeInt32BE(Buffer.byteLength(value), valueAt);
    pair.write(value, valueAt + 4);
    return pair;
  });
  const length = Buffer.alloc(4);
  length.writeInt32BE(pairs.reduce((sum, pair) => sum + pair.length, 0));
  return Buffer.concat([start, length, ...pairs]);
}

function decode(frame: Buffer): RemoteAnswer {
  const mark = frame.readInt32BE(4);
  const headerEnd = 8 + (mark & 0xffffff);
  const header = frame.subarray(8, headerEnd);
  const body = Buffer.from(frame.subarray(headerEnd));
  if (mark >>> 24 === 0) {
    const { code, flag, opaque, remark, extFields = {} } = JSON.parse(header.toString());
    return { code, flag, opaque, remark, fields: extFields, body };
  }
  const remarkEnd = 17 + header.readInt32BE(13);
  const fields: Record<string, string> = {};
  for (let at = remarkEnd + 4; at < header.length; ) {
    const nameEnd = at + 2 + header.readInt16BE(at);
    const valueEnd = nameEnd + 4 + header.readInt32BE(nameEnd);
    fields[header.toString('utf8', at + 2, nameEnd)] = header.toString('utf8', nameEnd + 4, valueEnd);
    at = valueEnd;
  }
  const remark = header.toString('utf8', 17, remarkEnd);
  return { code: header.readInt16BE(0), flag: header.readInt32BE(9), opaque: header.readInt32BE(5), remark, fields, body };
}

export class RemotingClient implements Disposable {
  readonly socket: Socket;
  readonly told: RemoteAnswer[] = [];
  readonly #kind: 'json' | 'binary';
  readonly #waiting = new Map<number, { resolve(answer: RemoteAnswer): void; reject(error: Error): void }>();
  #received: Buffer = Buffer.alloc(0);
  #lastOpaque = 100;

  private constructor(socket: Socket, kind: 'json' | 'binary') {
    this.socket = socket;
    this.#kind = kind;
    socket.on('error', () => undefined); // What matters is that it closes.
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection was closed'));
      this.#waiting.clear();
    });
  }

  static async connect(port: number, kind: 'json' | 'binary' = 'json'): Promise<RemotingClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RemotingClient(socket, kind);
  }

  /** Rejects when the connection ends before the answer. */
  ask(code: number, fields: Fields, body?: Buffer): Promise<RemoteAnswer> {
    const opaque = ++this.#lastOpaque;
    return new Promise((resolve, reject) => {
      this.#waiting.set(opaque, { resolve, reject });
      this.socket.write(requestFrame(this.#kind, code, opaque, 0, fields, body));
    });
  }

  /** Asks for no answer. */
  tell(code: number, fields: Fields, body?: Buffer): void {
    this.socket.write(requestFrame(this.#kind, code, ++this.#lastOpaque, 2, fields, body));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      const end = 4 + this.#received.readInt32BE(0);
      const answer = decode(this.#received.subarray(0, end));
      this.#received = this.#received.subarray(end);
      const waiter = this.#waiting.get(answer.opaque);
      if ((answer.flag & 1) === 0 || waiter === undefined) this.told.push(answer);
      else {
        this.#waiting.delete(answer.opaque);
        waiter.resolve(answer);
      }
    }
  }
}

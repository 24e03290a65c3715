/**
 * A request, what its handler makes of it, and how it is refused.
 *
 * A handler returns an answer, or a promise of one; undefined when it has answered on the connection itself. What it throws becomes an
 * answer too: a `Refusal` as it says, an error of the store by its code. So no request goes without an answer, and none ends the broker.
 */
import { StoreError } from 'millrace';
import { responseCode } from './codes.js';
import type { Connection } from './connection.js';
import type { Frame } from './frame.js';
import type { Serialization } from './header.js';

export interface Answer {
  readonly code: number;
  readonly remark?: string;
  readonly fields?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
}

export type Handler = (request: Request, connection: Connection) => Promise<Answer | undefined> | Answer | undefined;
/** By request code. */
export type Handlers = Readonly<Record<number, Handler>>;

/** Thrown by a handler: the request cannot be served, for a reason that its sender should read. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, remark: string) {
    super(remark);
    this.code = code;
  }
}

export class Request {
  readonly code: number;
  readonly opaque: number;
  /** Nobody waits for the answer. */
  readonly isOneWay: boolean;
  readonly serialization: Serialization;
  readonly body: Buffer;
  readonly #fields: ReadonlyMap<string, string>;

  constructor({ header, serialization, body }: Frame) {
    this.code = header.code;
    this.opaque = header.opaque;
    this.isOneWay = (header.flag & 2) !== 0;
    this.serialization = serialization;
    this.body = body;
    this.#fields = header.fields;
  }

  find(name: string): string | undefined {
    return this.#fields.get(name);
  }

  text(name: string): string {
    const value = this.#fields.get(name);
    if (value === undefined) throw new Refusal(responseCode.INVALID_PARAMETER, `The field ${name} is missing.`);
    return value;
  }

  /** A whole number; without a fallback it must be there. Java's longs beyond 2^53 - 1 mean "no bound", and become that. */
  number(name: string, fallback?: number): number {
    const text = fallback === undefined ? this.text(name) : (this.find(name) ?? String(fallback));
    if (!/^-?\d{1,19}$/.test(text)) throw new Refusal(responseCode.INVALID_PARAMETER, `The field ${name} is not a number: ${text}`);
    return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number(text), Number.MAX_SAFE_INTEGER));
  }

  /** The body as the JSON object that it ought to be. */
  json<T extends object>(): Partial<T> {
    try {
      const value: unknown = JSON.parse(this.body.toString());
      if (typeof value === 'object' && value !== null) return value as Partial<T>;
    } catch {}
    throw new Refusal(responseCode.INVALID_PARAMETER, 'The body is not a JSON object.');
  }
}

/** What to answer when a handler threw `error`. */
export function answerTo(error: unknown): Answer {
  const remark = error instanceof Error ? error.message : String(error);
  if (error instanceof Refusal) return { code: error.code, remark };
  if (error instanceof StoreError) return { code: codeOf(error), remark };
  console.error(error);
  return { code: responseCode.SYSTEM_ERROR, remark };
}

/** Clients send again, to another broker if there is one, on SYSTEM_ERROR, SYSTEM_BUSY, SERVICE_NOT_AVAILABLE and TOPIC_NOT_EXIST. */
function codeOf({ code }: StoreError): number {
  switch (code) {
    case 'BUSY':
      return responseCode.SYSTEM_BUSY;
    case 'INVALID_ARGUMENT':
    case 'MESSAGE_TOO_LARGE':
    case 'PROPERTIES_TOO_LARGE':
      return responseCode.MESSAGE_ILLEGAL;
    case 'UNKNOWN_TOPIC':
      return responseCode.TOPIC_NOT_EXIST;
    case 'UNKNOWN_QUEUE':
      return responseCode.INVALID_PARAMETER;
    case 'FLUSH_TIMEOUT':
      return responseCode.FLUSH_DISK_TIMEOUT;
    case 'DISK_FULL':
    case 'FLUSH_FAILED':
    case 'NOT_OPEN':
      return responseCode.SERVICE_NOT_AVAILABLE;
    default:
      return responseCode.SYSTEM_ERROR;
  }
}

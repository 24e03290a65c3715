/**
 * RocketMQ's own client in a Java process, driven by JSON lines (client/README.md lists the commands).
 *
 * Commands run one after the other; one that fails rejects with what the client said and the end of its output. Messages that its push
 * consumers are given are collected as they come. The process ends with `end`, and writes below a temporary folder that goes with it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { classPath } from './toolchain.js';

export interface ClientMessage {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly position: number;
  readonly messageId: string;
  /** As a consumer gets it. */
  readonly body: Buffer;
  readonly tags: string | null;
  readonly keys: string | null;
  readonly bornHost: string;
  readonly storeTimestamp: number;
  readonly sysFlag: number;
  readonly reconsumeTimes: number;
  readonly properties: Readonly<Record<string, string>>;
}
export interface Delivery {
  readonly consumer: string;
  /** When, by the clock of the machine, in milliseconds. */
  readonly at: number;
  readonly message: ClientMessage;
}
export interface ToSend {
  readonly body: string | Buffer;
  readonly tags?: string;
  readonly keys?: string;
  readonly properties?: Readonly<Record<string, string>>;
}
export interface Sent {
  readonly status: string;
  /** What the producer made. */
  readonly uniqueId: string;
  /** What the broker made. */
  readonly messageId: string;
  readonly queueId: number;
  readonly offset: number;
}
export interface Pulled {
  readonly status: string;
  readonly nextOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly messages: readonly ClientMessage[];
}
export interface PushOptions {
  readonly name: string;
  readonly group: string;
  readonly topic: string;
  readonly expression: string;
  readonly orderly?: boolean;
  /** How often each message is refused before it is taken. */
  readonly failures?: number;
  readonly maxReconsumeTimes?: number;
}

type Json = Record<string, unknown>;
const keptCharacters = 8_000;

export class JavaClient implements AsyncDisposable {
  readonly deliveries: Delivery[] = [];
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #home: string = mkdtempSync(join(tmpdir(), 'millrace-client-'));
  readonly #ended: Promise<void>;
  readonly #waiting: Map<number, { resolve(answer: Json): void; reject(error: Error): void }> = new Map();
  readonly #delivered = new EventEmitter();
  #lastId = 0;
  #log = '';

  /** `nameServer` is `address:port`; `headers`: how the client writes those of its frames. */
  constructor(nameServer: string, headers: 'JSON' | 'ROCKETMQ' = 'JSON') {
    // Short runs gain nothing from the optimising compiler and lose a core to it.
    const quickStart = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
    const type = `-Drocketmq.serialize.type=${headers}`;
    const folders = [`-Duser.home=${this.#home}`, `-Djava.io.tmpdir=${this.#home}`, `-Drocketmq.log.root=${this.#home}`];
    this.#process = spawn(
      'java',
      [...quickStart, ...folders, type, '-cp', classPath('client'), 'millrace.client.Client', nameServer],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-keptCharacters);
    });
    this.#process.stdin.on('error', () => {}); // It ended: the exit below rejects whoever waits.
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#heard(JSON.parse(line) as Json));
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => this.#rejectAll(`java does not start: ${error.message}`));
      this.#process.once('close', (code, signal) => {
        this.#rejectAll(`the client ended (${signal ?? code})`);
        rmSync(this.#home, { recursive: true, force: true });
        resolve();
      });
    });
  }

  async createTopic(topic: string, queues: number): Promise<void> {
    await this.#ask('createTopic', { topic, queues });
  }

  /** A batch has one result; what goes one way has none. */
  async send(
    how: 'sync' | 'async' | 'oneway' | 'batch',
    topic: string,
    messages: readonly ToSend[],
    queueId?: number,
  ): Promise<readonly Sent[]> {
    const given = messages.map((message) => ({
      properties: {},
      ...message,
      body: Buffer.from(message.body).toString('base64'),
    }));
    return (await this.#ask('send', { how, topic, queueId, messages: given })).results as Sent[];
  }

  async push(options: PushOptions): Promise<void> {
    await this.#ask('push', { ...options });
  }

  /** Resolves when the consumer has committed and said goodbye. */
  async stop(name: string): Promise<void> {
    await this.#ask('stop', { name });
  }

  async pull(
    topic: string,
    queueId: number,
    offset: number,
    options: { expression?: string; wait?: boolean } = {},
  ): Promise<Pulled> {
    const answer = await this.#ask('pull', { topic, queueId, offset, expression: '*', ...options });
    return { ...answer, messages: messagesOf(answer) } as unknown as Pulled;
  }

  /** Polls until so many messages are there, and commits. */
  async lite(group: string, topic: string, expression: string, count: number): Promise<readonly ClientMessage[]> {
    return messagesOf(await this.#ask('lite', { group, topic, expression, count }));
  }

  async byKey(
    topic: string,
    key: string,
    options: { count?: number; begin?: number; end?: number } = {},
  ): Promise<readonly ClientMessage[]> {
    return messagesOf(await this.#ask('byKey', { topic, key, ...options }));
  }

  async byId(topic: string, messageId: string): Promise<ClientMessage> {
    return messageOf((await this.#ask('byId', { topic, messageId })).message as Json);
  }

  async atTime(topic: string, queueId: number, timestamp: number, bound: 'lower' | 'upper'): Promise<number> {
    return (await this.#ask('atTime', { topic, queueId, timestamp, bound })).offset as number;
  }

  async bounds(topic: string, queueId: number): Promise<{ minOffset: number; maxOffset: number; earliest: number }> {
    return (await this.#ask('bounds', { topic, queueId })) as unknown as { minOffset: number; maxOffset: number; earliest: number };
  }

  /** What a push consumer was given, once there are `count` of them. */
  async delivered(consumer: string, count: number): Promise<readonly Delivery[]> {
    for (;;) {
      const found = this.deliveries.filter((delivery) => delivery.consumer === consumer);
      if (found.length >= count) return found;
      await this.delivery().catch((error: Error) => {
        const bodies = found.map(({ message }) => message.body.toString().slice(0, 40));
        throw new Error(`${consumer} was given ${found.length} messages, not ${count}: ${bodies}\n${error.message}`);
      });
    }
  }

  /** The next message that any push consumer is given. */
  async delivery(): Promise<void> {
    await once(this.#delivered, 'delivery', { signal: AbortSignal.timeout(20_000) }).catch(() => {
      throw new Error(`no message came\n${this.#logs()}`);
    });
  }

  async end(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #ask(command: string, fields: Json): Promise<Json> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        reject(new Error('the client has ended'));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ id, command, ...fields })}\n`);
    });
  }

  #heard(line: Json): void {
    if (line.event === 'message') {
      this.deliveries.push({
        consumer: line.name as string,
        at: line.at as number,
        message: messageOf(line.message as Json),
      });
      this.#delivered.emit('delivery');
      return;
    }
    const id = line.id as number;
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (line.ok === true) {
      waiter?.resolve(line);
    } else {
      waiter?.reject(new Error(`${String(line.error)}\n${this.#logs()}`));
    }
  }

  #rejectAll(sentence: string): void {
    for (const waiter of this.#waiting.values()) {
      waiter.reject(new Error(`${sentence}\n${this.#logs()}`));
    }
    this.#waiting.clear();
  }

  /** What it printed, and the end of the file that the client logs to. */
  #logs(): string {
    try {
      return this.#log + readFileSync(join(this.#home, 'rocketmq_client.log'), 'utf8').slice(-keptCharacters);
    } catch {
      return this.#log;
    }
  }
}

function messagesOf(answer: Json): readonly ClientMessage[] {
  return (answer.messages as Json[]).map(messageOf);
}

function messageOf(message: Json): ClientMessage {
  return { ...message, body: Buffer.from(message.body as string, 'base64') } as unknown as ClientMessage;
}

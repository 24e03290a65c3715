/**
 * RocketMQ's own store in a Java process, driven by JSON lines (java/README.md lists the commands).
 *
 * One instance is one process with at most one open store; commands run one after the other. A command that fails rejects with
 * what the store said and the end of its log. `halt` and `kill` end the process in the middle and leave the directory as a
 * crash would; `end` and `await using` end it too, without a clean shutdown of what is still open. The process writes below
 * `home`, a temporary folder that goes with it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { KeyAsked, TagsAsked, TimeAsked } from './asked.js';
import { classPath } from './toolchain.js';

/** RocketMQ's settings by which tests differ; undefined is RocketMQ's default, but for the index (1,000 slots, 4,000 entries). */
export interface RefereeSettings {
  commitLogBytes?: number | undefined;
  queueEntries?: number | undefined;
  indexSlots?: number | undefined;
  indexEntries?: number | undefined;
  /** Whether what is appended is indexed. */
  index?: boolean | undefined;
  appendPropCRC?: boolean | undefined;
  forceVerifyPropCRC?: boolean | undefined;
  /** Refuse, when recovering after a crash, a record whose stored position is not where it stands. */
  checkPositions?: boolean | undefined;
  /** How many log files recovery looks at. */
  recoverMaxFiles?: number | undefined;
  flush?: 'sync' | 'async' | undefined;
}

export interface RefereeQueue {
  topic: string;
  queueId: number;
  minOffset: number;
  maxOffset: number;
}

export interface RefereeState {
  abortWasThere: boolean;
  minPosition: number;
  maxPosition: number;
  queues: RefereeQueue[];
}

/** A message to put. In a batch, born time and hosts are those of the first one. */
export interface RefereeSpec {
  topic: string;
  queueId: number;
  body: Uint8Array;
  tags?: string | undefined;
  keys?: string | undefined;
  properties?: Record<string, string> | undefined;
  flag?: number | undefined;
  sysFlag?: number | undefined;
  bornTimestamp?: number | undefined;
  bornHost?: string | undefined;
  storeHost?: string | undefined;
  /** The time it is stored under, if not the present one; of a batch, that of its first. */
  storeTimestamp?: number | undefined;
  /** Compress and flag the body as RocketMQ's producer does. Not in a batch. */
  compression?: 'LZ4' | 'ZSTD' | 'ZLIB' | undefined;
}

export interface RefereeReceipt {
  topic: string;
  queueId: number;
  offset: number;
  position: number;
  size: number;
  storeTimestamp: number;
}

export interface RefereeMessage extends RefereeReceipt {
  bornTimestamp: number;
  bornHost: string;
  storeHost: string;
  flag: number;
  sysFlag: number;
  reconsumeTimes: number;
  preparedTransactionOffset: number;
  messageId: string;
  body: Buffer;
  tags: string | null;
  keys: string | null;
  properties: Record<string, string>;
  rawSha256: string;
}

export interface GenerateOptions extends RefereeSettings {
  seed?: number | undefined;
  messages?: number | undefined;
  maxBodyBytes?: number | undefined;
  batches?: boolean | undefined;
  exit?: 'clean' | 'halt' | undefined;
}

/** What `generate` put: the giver's own word, with where it went. */
export interface Generated
  extends Required<Pick<RefereeSpec, 'flag' | 'bornTimestamp' | 'bornHost' | 'storeHost'>>,
    RefereeReceipt {
  body: Buffer;
  tags?: string;
  keys?: string;
  properties?: Record<string, string>;
}

type Answer = Record<string, unknown>;
interface Waiter {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const OPENED_PACKAGES = ['java.nio', 'sun.nio.ch', 'jdk.internal.ref', 'jdk.internal.misc'];
const KEPT_LOG_CHARACTERS = 8_000;

export class Referee implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #home: string = mkdtempSync(join(tmpdir(), 'millrace-referee-'));
  readonly #ended: Promise<void>;
  readonly #waiting: Map<number, Waiter> = new Map();
  #lastId = 0;
  #log = '';

  constructor() {
    const opened = OPENED_PACKAGES.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
    const folders = [`-Duser.home=${this.#home}`, `-Drocketmq.client.logRoot=${this.#home}`, `-Djava.io.tmpdir=${this.#home}`];
    // Short runs gain nothing from the optimising compiler and lose a core to it.
    const quickStart = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
    this.#process = spawn('java', [...quickStart, ...folders, ...opened, '-cp', classPath('java'), 'millrace.referee.Referee'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-KEPT_LOG_CHARACTERS);
    });
    this.#process.stdin.on('error', () => {}); // It ended: the exit below rejects whoever waits.
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#settle(line));
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => this.#reject(`java does not start: ${error.message}`));
      this.#process.once('close', (code, signal) => {
        this.#reject(`the referee ended (${signal ?? code})`);
        rmSync(this.#home, { recursive: true, force: true });
        resolve();
      });
    });
  }

  /**
   * Loads, recovers, starts; resolves when all that was recovered is in its queues. If it rejects, only ending this referee
   * makes sense.
   */
  async open(dir: string, settings: RefereeSettings = {}): Promise<RefereeState> {
    return (await this.#ask('open', { dir, ...settings })) as unknown as RefereeState;
  }

  async state(): Promise<RefereeState> {
    return (await this.#ask('state')) as unknown as RefereeState;
  }

  async append(specs: readonly RefereeSpec[], options: { batch?: boolean } = {}): Promise<RefereeReceipt[]> {
    return (await this.#ask('append', { messages: specs.map(asJson), ...options })).receipts as RefereeReceipt[];
  }

  /** Appends `specs` over and over, and halts in the middle of that when `haltAfter` are acknowledged: those are returned. */
  async appendAndHalt(specs: readonly RefereeSpec[], haltAfter: number): Promise<RefereeReceipt[]> {
    const answer = await this.#ask('appendAndHalt', { messages: specs.map(asJson), haltAfter });
    await this.#ended;
    return answer.receipts as RefereeReceipt[];
  }

  /** All messages of one queue, bodies as they are stored or, with `decompress`, as a consumer gets them. Rejects if the store steps over one. */
  async read(topic: string, queueId: number, options: { decompress?: boolean } = {}): Promise<RefereeMessage[]> {
    const answer = await this.#ask('read', { topic, queueId, ...options });
    const gaps = answer.gaps as unknown[];
    if (gaps.length > 0) {
      throw new Error(`RocketMQ steps over messages of ${topic}/${queueId}: ${JSON.stringify(gaps)}\n${this.#log}`);
    }
    return (answer.messages as Answer[]).map(withBody) as unknown as RefereeMessage[];
  }

  /** All messages of all queues, queue by queue in the order of `state`. */
  async readAll(): Promise<RefereeMessage[]> {
    const messages: RefereeMessage[] = [];
    for (const queue of (await this.state()).queues) {
      messages.push(...(await this.read(queue.topic, queue.queueId)));
    }
    return messages;
  }

  /** The topics in the text of `config/topics.json`, as a broker parses it. */
  async parseTopics(text: string): Promise<Record<string, Record<string, unknown>>> {
    return (await this.#ask('parseTopics', { text })).topics as Record<string, Record<string, unknown>>;
  }

  async find(topic: string, key: string): Promise<RefereeMessage[]> {
    return ((await this.#ask('find', { topic, key })).messages as Answer[]).map(withBody) as unknown as RefereeMessage[];
  }

  /** Positions for each query, in the order and as often as RocketMQ has them: by the hash of the key, unfiltered. */
  async byKey(asked: readonly KeyAsked[]): Promise<number[][]> {
    return (await this.#query('key', asked)) as number[][];
  }

  async byTime(asked: readonly TimeAsked[]): Promise<number[]> {
    return (await this.#query('time', asked)) as number[];
  }

  /** The offsets that a pull of the whole queue gets, by the hashes of the tags, unfiltered. */
  async byTags(asked: readonly TagsAsked[]): Promise<number[][]> {
    return (await this.#query('tags', asked)) as number[][];
  }

  /** Makes, fills and leaves a directory; with `exit: 'halt'` this referee has ended afterwards. */
  async generate(dir: string, options: GenerateOptions = {}): Promise<Generated[]> {
    const answer = await this.#ask('generate', { dir, ...options });
    if (options.exit === 'halt') {
      await this.#ended;
    }
    return (answer.written as Answer[]).map(withBody) as unknown as Generated[];
  }

  /** The clean shutdown; another `open` may follow. Rejects if RocketMQ did not find its own shutdown clean. */
  async close(): Promise<void> {
    if ((await this.#ask('close')).abortIsThere === true) {
      throw new Error(`RocketMQ left abort at a clean shutdown\n${this.#log}`);
    }
  }

  async halt(): Promise<void> {
    await this.#ask('halt');
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  async end(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #query(by: string, asked: readonly object[]): Promise<unknown> {
    return (await this.#ask('query', { asked: asked.map((query) => ({ by, ...query })) })).answers;
  }

  #ask(command: string, fields: object = {}): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        reject(new Error('the referee has ended'));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ id, command, ...fields })}\n`);
    });
  }

  #settle(line: string): void {
    const answer = JSON.parse(line) as Answer;
    const id = answer.id as number;
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer.ok === true) {
      waiter?.resolve(answer);
    } else {
      waiter?.reject(new Error(`${String(answer.error)}\n${this.#log}`));
    }
  }

  #reject(sentence: string): void {
    for (const waiter of this.#waiting.values()) {
      waiter.reject(new Error(`${sentence}\n${this.#log}`));
    }
    this.#waiting.clear();
  }
}

function asJson(spec: RefereeSpec): Answer {
  return { ...spec, body: Buffer.from(spec.body).toString('base64') };
}

function withBody(message: Answer): Answer {
  return { ...message, body: Buffer.from(message.body as string, 'base64') };
}

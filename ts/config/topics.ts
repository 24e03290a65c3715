/**
 * `config/topics.json`: which topics there are and how many queues each has, in RocketMQ's form.
 *
 * The whole file is kept as it was read; only what changes is changed, so fields and topics that somebody else put there survive. Changes
 * stand in memory at once and on disk when `save` resolves; a save that fails leaves them in memory, to be written by the next one or taken
 * back by the caller. One owner, one thread, and the store's lock is held while anything is saved. Format: docs/format.md, "Topics".
 */
import { join } from 'node:path';

import { SaveCoalescer } from './coalescer.js';
import { formatFastjson, type JsonObject, type JsonValue, NumberText, parseFastjson } from './fastjson.js';
import { type ConfigSource, loadConfig, replaceConfig } from './file.js';

const readBit = 4;
const writeBit = 2;
/** What RocketMQ takes for a topic that does not say. */
const rocketmqQueues = 16;

/** A topic as the file has it. RocketMQ shrinks or grows a topic by letting the two numbers differ for a while. */
export interface TopicConfig {
  readonly name: string;
  /** Queues that readers look at. */
  readonly readQueues: number;
  /** Queues that appends are spread over. */
  readonly writeQueues: number;
  /** The larger one: a queue that is named must be below it. */
  readonly queues: number;
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface TopicsFileOptions {
  /** Of the store: the file is `config/topics.json` in it. */
  root: string;
  /** On the same file system; made when it is missing. */
  temporaryFolder: string;
  clock: () => number;
}

export class TopicsFile {
  readonly path: string;
  /** Where the topics came from. `backup`: the file was missing or damaged; the next save makes it again. */
  readonly source: ConfigSource;
  readonly #temporaryFolder: string;
  readonly #clock: () => number;
  readonly #document: JsonObject;
  readonly #table: JsonObject;
  readonly #topics = new Map<string, TopicConfig>();
  readonly #saves: SaveCoalescer = new SaveCoalescer(() => this.#write());
  #savedText: string | undefined;
  #isChanged = false;

  /** Reads the file or its `.bak`; without both there are no topics. CORRUPTION when neither is good, IO_ERROR. Writes nothing. */
  static async load(options: TopicsFileOptions): Promise<TopicsFile> {
    const path = join(options.root, 'config', 'topics.json');
    const loaded = await loadConfig(path, (text) => {
      const document = objectOf(parseFastjson(text), 'the file');
      return { document, topics: topicsOf(document) };
    });
    const file = new TopicsFile(path, loaded?.source ?? 'none', options, loaded?.value.document ?? new Map());
    for (const topic of loaded?.value.topics ?? []) file.#topics.set(topic.name, topic);
    file.#savedText = loaded?.text;
    return file;
  }

  private constructor(path: string, source: ConfigSource, options: TopicsFileOptions, document: JsonObject) {
    this.path = path;
    this.source = source;
    this.#temporaryFolder = options.temporaryFolder;
    this.#clock = options.clock;
    this.#document = document;
    if (!document.has('dataVersion')) document.set('dataVersion', new Map());
    const table = document.get('topicConfigTable');
    this.#table = table instanceof Map ? table : new Map();
    document.set('topicConfigTable', this.#table);
    this.#isChanged = source === 'backup';
  }

  get(name: string): TopicConfig | undefined {
    return this.#topics.get(name);
  }

  /** All topics, in the order of the file. */
  all(): readonly TopicConfig[] {
    return [...this.#topics.values()];
  }

  /** Makes a topic, or gives an existing one that many queues; everything else about it stays. */
  set(name: string, queues: number): TopicConfig {
    const entry = this.#table.get(name);
    const topic = entry instanceof Map ? entry : newTopic(name);
    topic.set('readQueueNums', queues);
    topic.set('writeQueueNums', queues);
    this.#table.set(name, topic);
    const config = topicOf(name, topic);
    this.#topics.set(name, config);
    this.#changed();
    return config;
  }

  /** False when there is no such topic. */
  delete(name: string): boolean {
    if (!this.#topics.delete(name)) return false;
    this.#table.delete(name);
    this.#changed();
    return true;
  }

  /** Resolves when every change made so far is on disk, synced. Nothing is written when nothing changed. Rejects with DISK_FULL, TOO_MANY_FILES or IO_ERROR. */
  save(): Promise<void> {
    return this.#saves.request();
  }

  /** Resolves, never rejects, when no save is under way: to be awaited before the lock is released. */
  idle(): Promise<void> {
    return this.#saves.idle();
  }

  #changed(): void {
    this.#isChanged = true;
    const version = this.#document.get('dataVersion');
    const fields: JsonObject = version instanceof Map ? version : new Map();
    const counter = fields.get('counter');
    fields.set('counter', counter instanceof NumberText || typeof counter === 'number' ? next(counter) : 1);
    if (!fields.has('stateVersion')) fields.set('stateVersion', 0);
    fields.set('timestamp', this.#clock());
    this.#document.set('dataVersion', fields);
  }

  async #write(): Promise<void> {
    if (!this.#isChanged) return;
    const text = formatFastjson(this.#document);
    // Before the write: a change made while it runs belongs to the next one.
    this.#isChanged = false;
    try {
      await replaceConfig(this.path, this.#temporaryFolder, text, this.#savedText);
    } catch (error) {
      this.#isChanged = true;
      throw error;
    }
    this.#savedText = text;
  }
}

function next(counter: number | NumberText): JsonValue {
  if (typeof counter === 'number')
    return counter < Number.MAX_SAFE_INTEGER ? counter + 1 : new NumberText(String(BigInt(counter) + 1n));
  return /^-?[0-9]+$/.test(counter.text) ? new NumberText(String(BigInt(counter.text) + 1n)) : 1;
}

function newTopic(name: string): JsonObject {
  return new Map<string, JsonValue>([
    ['attributes', new Map()],
    ['order', false],
    ['perm', readBit | writeBit],
    ['readQueueNums', 0],
    ['topicFilterType', 'SINGLE_TAG'],
    ['topicName', name],
    ['topicSysFlag', 0],
    ['writeQueueNums', 0],
  ]);
}

function objectOf(value: JsonValue | undefined, where: string): JsonObject {
  if (value instanceof Map) return value;
  throw new SyntaxError(`${where} is not an object`);
}

function topicsOf(document: JsonObject): TopicConfig[] {
  const table = document.get('topicConfigTable');
  if (table === undefined || table === null) return [];
  return Array.from(objectOf(table, 'topicConfigTable'), ([name, entry]) => topicOf(name, objectOf(entry, `the topic ${name}`)));
}

function topicOf(name: string, entry: JsonObject): TopicConfig {
  const count = (field: string, without: number): number => {
    const value = entry.get(field) ?? without;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
    throw new SyntaxError(`${field} of the topic ${name} is not a number of queues or bits`);
  };
  const readQueues = count('readQueueNums', rocketmqQueues);
  const writeQueues = count('writeQueueNums', rocketmqQueues);
  const perm = count('perm', readBit | writeBit);
  const attributes = new Map<string, string>();
  const given = entry.get('attributes');
  if (given instanceof Map) {
    for (const [key, value] of given) {
      if (typeof value === 'string') attributes.set(key, value);
    }
  }
  return Object.freeze({
    name,
    readQueues,
    writeQueues,
    queues: Math.max(readQueues, writeQueues),
    isReadable: (perm & readBit) !== 0,
    isWritable: (perm & writeBit) !== 0,
    attributes,
  });
}

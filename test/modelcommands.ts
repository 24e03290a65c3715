/** The commands of the model test: each does one thing to the store and to its model (modelstore.ts), and compares what comes of it. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Message, MessageStore, type Receipt, type StoredMessage } from '../ts/index.js';
import { rejectionOf } from './failure.js';
import { endOf, type Model, type ModelMessage, type ModelQueue } from './modelstore.js';

export interface Real {
  readonly directory: string;
  store: MessageStore;
}

type Run = (model: Model, real: Real) => Promise<void>;

const topicNames = ['a', 'b', '%RETRY%c'] as const;
const maxQueues = 4;

/** A command: what it does, and how it reads in a report. */
export class ModelCommand implements fc.AsyncCommand<Model, Real> {
  readonly #text: string;
  readonly #run: Run;

  constructor(text: string, run: Run) {
    this.#text = text;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): Promise<void> {
    return this.#run(model, real);
  }
  toString(): string {
    return this.#text;
  }

  static any(): fc.Arbitrary<ModelCommand>[] {
    const topic = fc.constantFrom(...topicNames);
    const queues = fc.integer({ min: 1, max: maxQueues });
    return [
      fc.array(message(), { minLength: 1, maxLength: 12 }).map((list) => new ModelCommand(`append ${show(list)}`, append(list))),
      fc.tuple(message(), fc.array(message(), { maxLength: 6 })).map(([first, rest]) => batch(first, rest)),
      message().map((one) => new ModelCommand(`appendSync ${show([one])}`, appendSync(one))),
      fc.tuple(topic, fc.nat(maxQueues - 1), fc.nat(40), fc.integer({ min: 1, max: 30 })).map((args) => read(...args)),
      fc.tuple(topic, queues).map(([name, count]) => new ModelCommand(`createTopic ${name} ${count}`, createTopic(name, count))),
      fc.tuple(topic, queues).map(([name, count]) => new ModelCommand(`updateTopic ${name} ${count}`, updateTopic(name, count))),
      topic.map((name) => new ModelCommand(`deleteTopic ${name}`, deleteTopic(name))),
      fc.constant(new ModelCommand('flush', flush)),
      fc
        .tuple(fc.constantFrom('sync', 'async'), fc.constantFrom('pwrite', 'mapped'))
        .map(([mode, writeMode]) => new ModelCommand(`reopen ${mode} ${writeMode}`, reopen(mode, writeMode))),
    ];
  }
}

function message(): fc.Arbitrary<Message> {
  const body = fc.oneof(
    { weight: 8, arbitrary: fc.string({ maxLength: 60, unit: 'grapheme' }) },
    { weight: 1, arbitrary: fc.nat(7800).map((length) => 'L'.repeat(length)) },
  );
  return fc.record({
    topic: fc.constantFrom(...topicNames),
    body,
    queueId: fc.option(fc.nat(maxQueues - 1), { nil: undefined }),
    shardingKey: fc.option(fc.constantFrom('x', 'yy', 'zzz'), { nil: undefined }),
    tags: fc.option(fc.constantFrom('red', 'blue'), { nil: undefined }),
    keys: fc.option(fc.constant('k1 k2'), { nil: undefined }),
  });
}

function show(messages: readonly Message[]): string {
  return messages
    .map(({ topic, queueId, shardingKey, body }) => `${topic}/${queueId ?? shardingKey ?? '*'}:${body.length}`)
    .join(' ');
}

/** Whether the queue that the message names is there, once the topic is. */
function hasQueue(model: Model, { topic, queueId }: Message): boolean {
  return queueId === undefined || queueId < (model.topics.get(topic)?.length ?? model.defaultQueues);
}

/** Notes an append that the store has acknowledged. */
function stored(model: Model, given: Message, receipt: Receipt): void {
  const queues = model.topics.get(given.topic) ?? model.grown(given.topic, model.defaultQueues);
  const queueId = model.queueIdOf(given);
  if (queueId !== undefined) expect(receipt.queueId).toBe(queueId);
  const queue = queues[receipt.queueId] as ModelQueue;
  expect([receipt.topic, receipt.offset]).toEqual([given.topic, endOf(queue)]);
  expect(receipt.position).toBeGreaterThanOrEqual(model.end);
  model.end = receipt.position + receipt.size;
  const keys = given.keys === undefined ? [] : String(given.keys).split(' ');
  const { offset, position, size } = receipt;
  queue.messages.push({ offset, position, size, keys, tags: given.tags, body: Buffer.from(given.body as string).toString() });
}

async function refused(model: Model, given: Message, act: () => Promise<unknown>): Promise<void> {
  expect(await rejectionOf(act())).toMatchObject({ code: 'UNKNOWN_QUEUE', stored: 'no' });
  // The topic is made before its queue is looked for.
  if (!model.topics.has(given.topic)) model.grown(given.topic, model.defaultQueues);
}

function append(messages: readonly Message[]): Run {
  return async (model, { store }) => {
    const results = await Promise.allSettled(messages.map((each) => store.append(each)));
    for (const [at, result] of results.entries()) {
      const given = messages[at] as Message;
      if (!hasQueue(model, given)) await refused(model, given, async () => unwrapped(result));
      else stored(model, given, unwrapped(result));
    }
  };
}

function unwrapped<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

function batch(first: Message, rest: readonly Message[]): ModelCommand {
  const ofOneQueue = [first, ...rest].map((each) => ({
    ...each,
    topic: first.topic,
    queueId: first.queueId,
    shardingKey: first.shardingKey,
  }));
  // More than a file holds is for test/limits.test.ts.
  let bytes = 0;
  const messages = ofOneQueue.filter(({ body }) => {
    bytes += Buffer.byteLength(body as string) + 250;
    return bytes < 8000;
  });
  return new ModelCommand(`appendBatch ${show(messages)}`, async (model, { store }) => {
    const given = messages[0];
    if (given === undefined) {
      expect(await store.appendBatch([])).toEqual([]);
    } else if (!hasQueue(model, given)) {
      await refused(model, given, () => store.appendBatch(messages));
    } else {
      const receipts = await store.appendBatch(messages);
      expect(receipts.length).toBe(messages.length);
      for (const [at, receipt] of receipts.entries()) {
        if (at > 0) expect(receipt.position).toBe(model.end);
        stored(model, messages[at] as Message, receipt);
      }
    }
  });
}

function appendSync(given: Message): Run {
  return async (model, { store }) => {
    if (hasQueue(model, given)) stored(model, given, store.appendSync(given));
    else await refused(model, given, async () => store.appendSync(given));
  };
}

function expectMessage(read: StoredMessage | undefined, expected: ModelMessage | undefined): void {
  expect(read && plain(read)).toEqual(expected);
}

function plain({ offset, position, size, keys, tags, body }: StoredMessage): ModelMessage {
  return { offset, position, size, keys, tags, body: body.toString() };
}

function read(topic: string, queueId: number, offset: number, maxMessages: number): ModelCommand {
  return new ModelCommand(`read ${topic}/${queueId} at ${offset}, ${maxMessages}`, async (model, { store }) => {
    const queue = model.topics.get(topic)?.[queueId];
    const result = await store.read(topic, queueId, offset, { maxMessages });
    if (queue === undefined) {
      expect([result.status, result.messages]).toEqual(['NO_MATCHED_LOGIC_QUEUE', []]);
      return;
    }
    const end = endOf(queue);
    expect([result.minOffset, result.maxOffset]).toEqual([queue.begin, end]);
    const expected = queue.messages.filter((each) => each.offset >= offset).slice(0, maxMessages);
    const found = offset >= queue.begin && expected.length > 0;
    expect(result.messages.map(plain)).toEqual(found ? expected : []);
    if (found) expect([result.status, result.nextOffset]).toEqual(['FOUND', offset + expected.length]);
    else if (end === 0) expect([result.status, result.nextOffset]).toEqual(['NO_MESSAGE_IN_QUEUE', 0]);
    else if (offset < queue.begin) expect([result.status, result.nextOffset]).toEqual(['OFFSET_TOO_SMALL', queue.begin]);
    else
      expect([result.status, result.nextOffset]).toEqual([offset === end ? 'OFFSET_OVERFLOW_ONE' : 'OFFSET_OVERFLOW_BADLY', end]);
  });
}

function createTopic(name: string, queues: number): Run {
  return async (model, { store }) => {
    const existing = model.topics.get(name);
    if (existing !== undefined && existing.length !== queues) {
      expect(await rejectionOf(store.createTopic(name, { queues }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
      return;
    }
    expect((await store.createTopic(name, { queues })).queues.length).toBe(queues);
    model.grown(name, queues);
  };
}

function updateTopic(name: string, queues: number): Run {
  return async (model, { store }) => {
    const existing = model.topics.get(name);
    const code = existing === undefined ? 'UNKNOWN_TOPIC' : queues < existing.length ? 'INVALID_ARGUMENT' : undefined;
    if (code !== undefined) {
      expect(await rejectionOf(store.updateTopic(name, { queues }))).toMatchObject({ code });
      return;
    }
    expect((await store.updateTopic(name, { queues })).options.queues).toBe(queues);
    model.grown(name, queues);
  };
}

function deleteTopic(name: string): Run {
  return async (model, { store }) => {
    if (model.topics.has(name)) await store.deleteTopic(name);
    else expect(await rejectionOf(store.deleteTopic(name))).toMatchObject({ code: 'UNKNOWN_TOPIC' });
    model.delete(name);
  };
}

async function flush(model: Model, { store }: Real): Promise<void> {
  expect((await store.flush()).durable).toBeGreaterThanOrEqual(model.end);
}

function reopen(flushMode: 'sync' | 'async', writeMode: 'pwrite' | 'mapped'): Run {
  return async (model, real) => {
    await real.store.close();
    model.flush = flushMode;
    model.writeMode = writeMode;
    real.store = await MessageStore.open(real.directory, model.options());
    const { cleanShutdown, truncatedFrom, rebuiltQueueEntries, lost } = real.store.recovery;
    expect([cleanShutdown, truncatedFrom, rebuiltQueueEntries, lost]).toEqual([true, undefined, 0, []]);
    await readEverything(model, real);
  };
}

/** Every topic, queue and message, by queue and by position. */
export async function readEverything(model: Model, { store }: Real): Promise<void> {
  const expected = [...model.topics].map(([name, queues]) => [
    name,
    queues.map((queue) => [queue.begin, endOf(queue), endOf(queue)]),
  ]);
  const found = store
    .topics()
    .map(({ name, queues }) => [name, queues.map((queue) => [queue.minOffset, queue.maxOffset, queue.nextOffset])]);
  expect(found.sort()).toEqual(expected.sort());
  for (const [topic, queues] of model.topics) {
    for (const [queueId, queue] of queues.entries()) {
      const { messages } = await store.read(topic, queueId, queue.begin, { maxMessages: 10_000, maxBytes: 1 << 24 });
      expect(messages.map(plain)).toEqual(queue.messages);
      const last = queue.messages.at(-1);
      if (last !== undefined) expectMessage(await store.messageAt(last.position), last);
    }
  }
}

/**
 * Look-ups by key: what is asked for is checked here, in this turn if it is in memory, else through a task.
 *
 * The engine compares the key, the topic and the store time of every record itself; nothing that only has the same hash comes back.
 */
import { askedKey, status } from './addon.js';
import { safeInteger } from './appendcheck.js';
import { type StoreError, storeError } from './errors.js';
import type { Reader } from './reader.js';
import type { Session } from './session.js';
import type { StoredMessage } from './types/message.js';
import type { KeyQuery } from './types/read.js';

const defaultMessages = 32;
const mostMessages = 1024;
const queryNames: ReadonlySet<string> = new Set(['begin', 'end', 'maxMessages'] satisfies (keyof KeyQuery)[]);
type Asked = Required<{ [Name in keyof KeyQuery]: number }>;
const wholeQuery: Asked = { begin: 0, end: Number.MAX_SAFE_INTEGER, maxMessages: defaultMessages };

export class KeyFinder {
  readonly #session: Session;
  readonly #reader: Reader;
  readonly #isIndexed: boolean;

  constructor(session: Session, reader: Reader, isIndexed: boolean) {
    this.#session = session;
    this.#reader = reader;
    this.#isIndexed = isIndexed;
  }

  /** At once when the answer is in memory, else by a promise; throws what the caller rejects with. */
  find(topic: string, key: string, query: KeyQuery | undefined): readonly StoredMessage[] | Promise<readonly StoredMessage[]> {
    if (!this.#isIndexed) throw storeError('UNSUPPORTED', 'The store was opened with index: false. Open it with the index.');
    if (typeof topic !== 'string' || topic === '') throw invalid('topic is not a name: give a string that is not empty.');
    if (typeof key !== 'string' || key === '' || key.includes(' ')) {
      throw invalid('key is not a key: give a string that is not empty and has no space, because spaces separate keys.');
    }
    const { addon, id } = this.#session;
    const ask = query === undefined ? wholeQuery : checked(query);
    this.#ask(ask);
    const room = this.#reader.answerRoom();
    const code = addon.findKey(id, topic, key, room, this.#reader.answerAt);
    if (code === status.ok) return this.#session.turn.give(this.#reader.takeAnswer());
    if (code !== status.wouldBlock) throw this.#session.error(code, { doing: doing(topic, key) });
    return this.#findLater(topic, key, ask);
  }

  async #findLater(topic: string, key: string, ask: Asked): Promise<readonly StoredMessage[]> {
    const { addon, id } = this.#session;
    const done = await this.#session.run((task) => {
      this.#ask(ask);
      addon.findKeyLater(id, task, topic, key);
    });
    if (done.status === status.ok) return this.#reader.takeTask(done.task);
    addon.finish(id, done.task);
    throw this.#session.error(done.status, { doing: doing(topic, key), ...done.where });
  }

  #ask(query: Asked): void {
    const { scratch } = this.#session;
    scratch[askedKey.begin] = query.begin;
    scratch[askedKey.end] = query.end;
    scratch[askedKey.maxMessages] = query.maxMessages;
  }
}

function checked(query: KeyQuery): Asked {
  if (typeof query !== 'object' || query === null) throw invalid(`query is ${String(query)}, not an object.`);
  for (const name in query) if (!queryNames.has(name)) throw invalid(`A look-up by key has no option ${name}.`);
  const maxMessages = safeInteger(query.maxMessages ?? wholeQuery.maxMessages, 'maxMessages', 1);
  if (maxMessages > mostMessages) throw invalid(`maxMessages is ${maxMessages}. Give at most ${mostMessages}.`);
  return {
    begin: safeInteger(query.begin ?? wholeQuery.begin, 'begin'),
    end: safeInteger(query.end ?? wholeQuery.end, 'end'),
    maxMessages,
  };
}

function doing(topic: string, key: string): string {
  return `look up the key ${JSON.stringify(key)} of topic ${JSON.stringify(topic)}`;
}

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}

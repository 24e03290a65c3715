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
const noQuery: KeyQuery = {};
/** The number under which a look-up of this turn leaves its result. */
const thisTurn = 0;

export class KeyFinder {
  readonly #session: Session;
  readonly #reader: Reader;
  readonly #isIndexed: boolean;

  constructor(session: Session, reader: Reader, isIndexed: boolean) {
    this.#session = session;
    this.#reader = reader;
    this.#isIndexed = isIndexed;
  }

  async find(topic: string, key: string, query: KeyQuery = noQuery): Promise<readonly StoredMessage[]> {
    if (!this.#isIndexed) throw storeError('UNSUPPORTED', 'The store was opened with index: false. Open it with the index.');
    if (typeof topic !== 'string' || topic === '') throw invalid('topic is not a name: give a string that is not empty.');
    if (typeof key !== 'string' || key === '' || key.includes(' ')) {
      throw invalid('key is not a key: give a string that is not empty and has no space, because spaces separate keys.');
    }
    const { addon, id } = this.#session;
    const ask = checked(query);
    this.#ask(ask);
    const code = addon.findKey(id, topic, key);
    if (code === status.ok) return this.#session.turn.give(this.#reader.take(thisTurn));
    const doing = `look up the key ${JSON.stringify(key)} of topic ${JSON.stringify(topic)}`;
    if (code !== status.wouldBlock) throw this.#session.error(code, { doing });
    const done = await this.#session.run((task) => {
      this.#ask(ask);
      addon.findKeyLater(id, task, topic, key);
    });
    if (done.status === status.ok) return this.#reader.take(done.task);
    addon.finish(id, done.task);
    throw this.#session.error(done.status, { doing, ...done.where });
  }

  #ask(query: Required<{ [Name in keyof KeyQuery]: number }>): void {
    const { scratch } = this.#session;
    scratch[askedKey.begin] = query.begin;
    scratch[askedKey.end] = query.end;
    scratch[askedKey.maxMessages] = query.maxMessages;
  }
}

function checked(query: KeyQuery): Required<{ [Name in keyof KeyQuery]: number }> {
  if (typeof query !== 'object' || query === null) throw invalid(`query is ${String(query)}, not an object.`);
  for (const name in query) if (!queryNames.has(name)) throw invalid(`A look-up by key has no option ${name}.`);
  const maxMessages = safeInteger(query.maxMessages ?? defaultMessages, 'maxMessages', 1);
  if (maxMessages > mostMessages) throw invalid(`maxMessages is ${maxMessages}. Give at most ${mostMessages}.`);
  return {
    begin: safeInteger(query.begin ?? 0, 'begin'),
    end: safeInteger(query.end ?? Number.MAX_SAFE_INTEGER, 'end'),
    maxMessages,
  };
}

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}

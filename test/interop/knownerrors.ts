/**
 * Where RocketMQ's answers may differ from the right ones, and how: each rule looks at one difference and says whether it accounts
 * for it. What no rule accounts for fails; `met` counts how often each did.
 *
 * - `sharedHash`: the index knows hashes of `topic#key`. A record of another topic or key may come, if its hash is the same.
 * - `oncePerKey`: a record comes once for each of its keys that has the hash.
 * - `atMost64`: what is older than the 64th hit of the hash is not looked at.
 * - `roundedDown`: the index keeps whole seconds after its file's begin. A record counts as stored up to 999 ms earlier than it was: it may miss a
 *   window that begins in between, or come for one that ends there.
 * - `firstOfFile`: the first entry of each file but the first counts its seconds from the file before, and is read as if it had
 *   counted them from this one: it is as much too late as the file before ended earlier, in whole seconds.
 * - `nothingThatOld`: the last offset at or before a time that is older than the queue is 0, as if there were one.
 *   Else it is right to the millisecond, equal times on both sides of a border between files included.
 * - `sharedTagHash`: a pull filters by the hash of the tag; its client compares the tags.
 * - `noTag`: a message without a tag counts as one whose tag has the hash 0.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KeyAsked } from './asked.js';

/** A message as it was appended, and where it went. */
export interface Stored {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly position: number;
  readonly storeTimestamp: number;
  readonly keys: readonly string[];
  readonly tags: string | undefined;
  /** False for records of transactions that no queue names. */
  readonly isInQueue: boolean;
}

export type Rule =
  | 'sharedHash'
  | 'oncePerKey'
  | 'atMost64'
  | 'roundedDown'
  | 'firstOfFile'
  | 'nothingThatOld'
  | 'sharedTagHash'
  | 'noTag';

const HITS = 64;
const MS_A_SECOND = 1_000;

/** Java's String.hashCode. */
export function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** An entry of an index file: where its record is, and when RocketMQ takes it to have been stored. */
interface Entry {
  readonly time: number;
  readonly isFirst: boolean;
}

/** The entries of all index files of a directory, by hash and position. */
export class IndexEntries {
  readonly #entries: Map<string, Entry[]> = new Map();

  constructor(directory: string, slots: number) {
    const folder = join(directory, 'index');
    for (const name of readdirSync(folder).sort()) {
      const bytes = readFileSync(join(folder, name));
      const begin = Number(bytes.readBigInt64BE(0));
      for (let number = 1; number < bytes.readInt32BE(36); number++) {
        const at = 40 + 4 * slots + 20 * number;
        const id = `${bytes.readInt32BE(at)} ${bytes.readBigInt64BE(at + 4)}`;
        const entry = { time: begin + bytes.readInt32BE(at + 12) * MS_A_SECOND, isFirst: number === 1 };
        this.#entries.set(id, [...(this.#entries.get(id) ?? []), entry]);
      }
    }
  }

  of(text: string, position: number): readonly Entry[] {
    return this.#entries.get(`${Math.abs(hashOf(text))} ${position}`) ?? [];
  }
}

export class KnownErrors {
  readonly met: Map<Rule, number> = new Map();
  readonly #stored: ReadonlyMap<number, Stored>;
  readonly #index: IndexEntries;

  constructor(stored: readonly Stored[], index: IndexEntries) {
    this.#stored = new Map(stored.map((message) => [message.position, message]));
    this.#index = index;
  }

  /** `right`: positions, newest first. `his`: as they came. */
  checkKey(asked: KeyAsked, right: readonly number[], his: readonly number[]): void {
    const text = asked.isTag === true ? `${asked.topic}#T#${asked.key}` : `${asked.topic}#${asked.key}`;
    const of = this.#ofThisHash(text, his);
    const oldest = his.length < HITS ? 0 : Math.min(...his);
    const wanted = right.filter((position) => position >= oldest);
    if (wanted.length < right.length) this.#meet('atMost64');
    expect(his.length).toBeLessThanOrEqual(HITS);
    const hasIt = (position: number): boolean => textsOf(this.#message(position)).includes(text);
    for (const position of of) {
      if (!hasIt(position)) this.#meet('sharedHash');
      else if (!wanted.includes(position)) this.#timeAccountsFor(asked, text, position, true);
    }
    for (const position of wanted) if (!of.has(position)) this.#timeAccountsFor(asked, text, position, false);
  }

  checkTime(queue: readonly Stored[], time: number, bound: 'lower' | 'upper', right: number, his: number): void {
    if (right === his) return;
    expect([bound, right, his], `${time} in ${queue.length} messages`).toEqual(['upper', -1, 0]);
    this.#meet('nothingThatOld');
  }

  /** Offsets of one queue. `wanted`: the tags that were asked for. */
  checkTags(queue: readonly Stored[], wanted: readonly string[], right: readonly number[], his: readonly number[]): void {
    expect(right.filter((offset) => !his.includes(offset))).toEqual([]);
    const hashes = wanted.map(hashOf);
    for (const offset of his.filter((each) => !right.includes(each))) {
      const message = queue.find((each) => each.offset === offset) as Stored;
      expect(hashes, `${offset} has the tag ${message.tags}`).toContain(hashOf(message.tags ?? ''));
      this.#meet(message.tags === undefined ? 'noTag' : 'sharedTagHash');
    }
  }

  /** The positions of an answer, each once; every one of them has a key with the hash of `text`. */
  #ofThisHash(text: string, his: readonly number[]): Set<number> {
    const counts = new Map<number, number>();
    for (const position of his) counts.set(position, (counts.get(position) ?? 0) + 1);
    for (const [position, count] of counts) {
      const all = textsOf(this.#message(position)).filter((each) => Math.abs(hashOf(each)) === Math.abs(hashOf(text)));
      expect(count, `${position} comes for ${text}`).toBeLessThanOrEqual(all.length);
      if (count > 1) this.#meet('oncePerKey');
    }
    return new Set(counts.keys());
  }

  /** `came`: it came though it lies outside of the window; else it did not though it lies within. */
  #timeAccountsFor(asked: KeyAsked, text: string, position: number, came: boolean): void {
    const { begin = 0, end = Number.MAX_SAFE_INTEGER } = asked;
    const isWithin = (time: number): boolean => time >= begin && time <= end;
    const { storeTimestamp } = this.#message(position);
    expect(isWithin(storeTimestamp), `${position} for ${text}`).toBe(!came);
    const entries = this.#index.of(text, position);
    const said = came ? entries.filter(({ time }) => isWithin(time)) : entries;
    expect(said.length, `${position} for ${text}`).toBeGreaterThan(0);
    for (const { time, isFirst } of said) {
      expect(isWithin(time), `${position} for ${text}`).toBe(came);
      const late = time - storeTimestamp;
      if (late > -MS_A_SECOND && late <= 0) this.#meet('roundedDown');
      else {
        expect([isFirst, late > 0, late % MS_A_SECOND], `${position} for ${text}`).toEqual([true, true, 0]);
        this.#meet('firstOfFile');
      }
    }
  }

  #message(position: number): Stored {
    const message = this.#stored.get(position);
    if (message === undefined) throw new Error(`No message was stored at ${position}`);
    return message;
  }

  #meet(rule: Rule): void {
    this.met.set(rule, (this.met.get(rule) ?? 0) + 1);
  }
}

/** What a message is indexed by. */
function textsOf({ topic, keys, tags }: Stored): string[] {
  return [...keys.map((key) => `${topic}#${key}`), ...(tags === undefined ? [] : [`${topic}#T#${tags}`])];
}

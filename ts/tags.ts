/**
 * Which tags a read asks for: checked and taken apart once, then known to the engine by a number.
 *
 * Written as RocketMQ's consumers do, `'a || b'`, or as a list, whose items are taken as they are. The wanted form is one string, the tags with
 * U+0002 between them, so that it can be looked up; the engine compares (native/engine/tag_filter.h). Both the wanted forms of recent
 * texts and the numbers of recent filters are remembered: a consumer asks for the same tags again and again.
 */
import { type StoreError, storeError } from './errors.js';
import { nameEnd, valueEnd } from './propertystring.js';
import type { Session } from './session.js';

/** Most bytes of all tags of a filter together: no more fit the properties of a message. */
const maxFilterBytes = 32767;
const rememberedTexts = 256;
/** So many filters are kept in the engine for each store. */
const rememberedFilters = 256;

const wantedOfText = new Map<string, string>();

/** The wanted form; undefined for every message, which is what `'*'` and nothing ask for. Throws INVALID_ARGUMENT. */
export function wantedTags(tags: unknown): string | undefined {
  if (tags === undefined || tags === '*') return undefined;
  if (typeof tags === 'string') {
    const known = wantedOfText.get(tags);
    if (known !== undefined) return known;
    const wanted = fromText(tags);
    if (wanted === undefined || tags.length > 256) return wanted;
    if (wantedOfText.size >= rememberedTexts) wantedOfText.clear();
    wantedOfText.set(tags, wanted);
    return wanted;
  }
  if (!Array.isArray(tags))
    throw invalid(`tags is ${tags === null ? 'null' : typeof tags}: give a string, a list of strings, or leave it out.`);
  return fromList(tags);
}

function fromText(text: string): string | undefined {
  checkCharacters(text); // before trimming takes them away
  const tags = text.split('||').map(trimmed).filter(isNotEmpty);
  if (tags.length === 0) throw invalid("tags names no tag. For every message give '*' or leave it out.");
  return tags.length === 1 && tags[0] === '*' ? undefined : joined(tags);
}

function fromList(tags: readonly unknown[]): string | undefined {
  if (tags.length === 0) throw invalid("tags is an empty list. For every message give '*' or leave it out.");
  for (let index = 0; index < tags.length; index++) {
    const tag = tags[index];
    if (typeof tag !== 'string') throw invalid(`tags[${index}] is not a string (${tag === null ? 'null' : typeof tag}).`);
    checkCharacters(tag);
    if (tag === '') throw invalid(`tags[${index}] is empty: no message has an empty tag. Take it out.`);
  }
  return tags.length === 1 && tags[0] === '*' ? undefined : joined(tags as readonly string[]);
}

function joined(tags: readonly string[]): string {
  const wanted = tags.join(valueEnd);
  const bytes = Buffer.byteLength(wanted);
  if (bytes > maxFilterBytes)
    throw invalid(`tags takes ${bytes} bytes and may take ${maxFilterBytes}. Ask for fewer tags at a time.`);
  return wanted;
}

function checkCharacters(text: string): void {
  if (text.includes(nameEnd) || text.includes(valueEnd))
    throw invalid('tags has U+0001 or U+0002 in it, which no tag can have. Take them out.');
}

/** As Java trims: everything up to U+0020 goes, other white space is part of a tag. */
function trimmed(tag: string): string {
  let from = 0;
  let to = tag.length;
  while (from < to && tag.charCodeAt(from) <= 0x20) from++;
  while (from < to && tag.charCodeAt(to - 1) <= 0x20) to--;
  return tag.slice(from, to);
}

function isNotEmpty(tag: string): boolean {
  return tag !== '';
}

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}

/** The filters that one store's engine knows. */
export class TagFilters {
  readonly #session: Session;
  readonly #numbers = new Map<string, number>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** The engine's number of what `wantedTags` gave, 0 for every message. Good for calls of this turn: later it may name another filter. */
  numberOf(wanted: string | undefined): number {
    if (wanted === undefined) return 0;
    const known = this.#numbers.get(wanted);
    if (known !== undefined) return known;
    if (this.#numbers.size >= rememberedFilters) this.#numbers.clear();
    const number = this.#numbers.size + 1;
    this.#session.addon.setFilter(this.#session.id, number, wanted);
    this.#numbers.set(wanted, number);
    return number;
  }
}

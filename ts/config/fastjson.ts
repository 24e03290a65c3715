/**
 * The JSON of RocketMQ's config files, as its fastjson 1.x writes it: JSON with integer keys that may stand without quotes.
 *
 * Reading and writing again loses nothing: objects are Maps, so keys keep their order (also keys that look like numbers), and a number whose
 * digits JavaScript would change (beyond 2^53, or spelt like 1.0) stays the text it was. Written are quoted keys, tabs, and one entry a line,
 * which fastjson reads and a person can compare. Anything else is a SyntaxError with line and column; who knows the file wraps it.
 */

export type JsonValue = null | boolean | string | number | NumberText | JsonArray | JsonObject;
export type JsonArray = JsonValue[];
export type JsonObject = Map<string, JsonValue>;

/** A number kept as it was spelt. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Deepest nesting that is read: config files have four levels, and recursion must end. */
const maxDepth = 64;
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const integerPattern = /-?[0-9]+/y;
const plainCharacters = /[^"\\\x00-\x1f]*/y;
const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Reads one value and nothing behind it. Throws SyntaxError. */
export function parseFastjson(text: string): JsonValue {
  return new Parser(text).document();
}

/** Writes a value, with tabs like fastjson's pretty form; without a line break at the end. */
export function formatFastjson(value: JsonValue): string {
  return format(value, '\n');
}

function format(value: JsonValue, newLine: string): string {
  if (value instanceof NumberText) return value.text;
  const inner = `${newLine}\t`;
  if (value instanceof Map) {
    if (value.size === 0) return '{}';
    const entries = Array.from(value, ([key, each]) => `${JSON.stringify(key)}:${format(each, inner)}`);
    return `{${inner}${entries.join(`,${inner}`)}${newLine}}`;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[${inner}${value.map((each) => format(each, inner)).join(`,${inner}`)}${newLine}]`;
  }
  return JSON.stringify(value);
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value(0);
    if (this.#peek() !== '') throw this.#error('nothing more');
    return value;
  }

  #value(depth: number): JsonValue {
    const next = this.#peek();
    if (next === '"') return this.#string();
    if (next === '{' || next === '[') {
      if (depth >= maxDepth) throw this.#error(`at most ${maxDepth} levels`);
      return next === '{' ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    const digits = this.#match(numberPattern);
    if (digits === '') throw this.#error('a value');
    const number = Number(digits);
    return String(number) === digits && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : new NumberText(digits);
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.#at++;
    if (this.#take('}')) return object;
    do {
      const key = this.#peek() === '"' ? this.#string() : this.#integerKey();
      if (!this.#take(':')) throw this.#error('":"');
      object.set(key, this.#value(depth));
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#error('"," or "}"');
    return object;
  }

  #integerKey(): string {
    const key = this.#match(integerPattern);
    if (key === '') throw this.#error('a key');
    return key;
  }

  #array(depth: number): JsonArray {
    const array: JsonArray = [];
    this.#at++;
    if (this.#take(']')) return array;
    do {
      array.push(this.#value(depth));
    } while (this.#take(','));
    if (!this.#take(']')) throw this.#error('"," or "]"');
    return array;
  }

  #string(): string {
    this.#at++;
    let value = '';
    for (;;) {
      value += this.#match(plainCharacters);
      const stop = this.#text[this.#at];
      if (stop !== '"' && stop !== '\\') throw this.#error('the end of a string');
      this.#at++;
      if (stop === '"') return value;
      value += this.#escaped();
    }
  }

  #escaped(): string {
    const letter = this.#text[this.#at] ?? '';
    if (letter === 'u') {
      const hex = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error('four hex digits');
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const value = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (value === undefined) throw this.#error('an escaped character');
    this.#at++;
    return value;
  }

  /** What matches here, '' when nothing does. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  /** The next character that is not white space, '' at the end. */
  #peek(): string {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? '-')) this.#at++;
    return this.#text[this.#at] ?? '';
  }

  #take(character: string): boolean {
    const isThere = this.#peek() === character;
    if (isThere) this.#at++;
    return isThere;
  }

  #error(expected: string): SyntaxError {
    const before = this.#text.slice(0, this.#at).split('\n');
    return new SyntaxError(`line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: expected ${expected}`);
  }
}

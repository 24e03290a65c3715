/** The JSON of RocketMQ's config files: what fastjson writes is read, and rewriting loses nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFastjson, type JsonValue, NumberText, parseFastjson } from '../../ts/config/fastjson.js';
import { testSeed } from '../seed.js';

test('a file as fastjson writes it comes back byte for byte, but for the quotes around integer keys', () => {
  const written =
    '{\n\t"dataVersion":{\n\t\t"counter":12,\n\t\t"stateVersion":0,\n\t\t"timestamp":1700000000000\n\t},\n' +
    '\t"offsetTable":{\n\t\t"T@g":{0:123,1:456\n\t\t}\n\t}\n}';
  const rewritten = written.replace('{0:123,1:456\n', '{\n\t\t\t"0":123,\n\t\t\t"1":456\n');
  expect(formatFastjson(parseFastjson(written))).toBe(rewritten);
  expect(formatFastjson(parseFastjson(rewritten))).toBe(rewritten);
});

test('keys keep their order, also those that look like numbers', () => {
  const value = parseFastjson('{"b":1,10:2,"2":3,-1:4,"a":5,"__proto__":6}');
  expect([...(value as Map<string, JsonValue>).keys()]).toEqual(['b', '10', '2', '-1', 'a', '__proto__']);
});

test('numbers that JavaScript would change stay as they were spelt', () => {
  const spelt = ['9007199254740993', '-9223372036854775808', '1.0', '1e5', '0.10', '-0', '1E-7'];
  for (const text of spelt) {
    expect(parseFastjson(text)).toEqual(new NumberText(text));
    expect(formatFastjson(parseFastjson(text))).toBe(text);
  }
  expect(parseFastjson('[0,-5,1.5,9007199254740991]')).toEqual([0, -5, 1.5, 9007199254740991]);
});

test('words, escapes and white space are read as JSON has them', () => {
  expect(parseFastjson(' [ true , false , null , "" ] \r\n\t')).toEqual([true, false, null, '']);
  expect(parseFastjson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE80标"')).toBe('"\\/\b\f\n\r\tä🚀标');
  expect(formatFastjson(parseFastjson('{ }'))).toBe('{}');
  expect(formatFastjson(parseFastjson('[ ]'))).toBe('[]');
});

test.each([
  ['', 1, 1],
  ['{', 1, 2],
  ['{"a":1', 1, 7],
  ['{"a":1,}', 1, 8],
  ['{a:1}', 1, 2],
  ['{1.5:1}', 1, 3],
  ['{:1}', 1, 2],
  ['{"":1,:2}', 1, 7],
  ['{\n\t"a" 1}', 2, 6],
  ['[1 2]', 1, 4],
  ['[1,]', 1, 4],
  ['01', 1, 2],
  ['+1', 1, 1],
  ['.5', 1, 1],
  ["'a'", 1, 1],
  ['"a\nb"', 1, 3],
  ['"a', 1, 3],
  ['"\\x41"', 1, 3],
  ['"\\u12g4"', 1, 3],
  ['nul', 1, 1],
  ['NaN', 1, 1],
  ['{} {}', 1, 4],
  ['\ufeff{}', 1, 1],
])('%j is refused at line %i, column %i', (text, line, column) => {
  expect(() => parseFastjson(text)).toThrow(SyntaxError);
  expect(() => parseFastjson(text)).toThrow(`line ${line}, column ${column}: `);
});

test('nesting has an end', () => {
  expect(parseFastjson(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeInstanceOf(Array);
  expect(() => parseFastjson('['.repeat(100_000))).toThrow('at most 64 levels');
});

const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }).map((number) => new NumberText(String(number))),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.nat().map(String)), tie('value')), { maxLength: 5 })
      .map((entries) => new Map(entries)),
  ),
})).value;

test('what is written is read as the same value, with its keys in the same order', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = formatFastjson(value);
      const again = parseFastjson(text);
      expect(again).toEqual(Object.is(value, -0) ? 0 : value);
      // Equality of maps does not see the order of keys; their text does.
      expect(formatFastjson(again)).toBe(text);
    }),
    { seed: testSeed, numRuns: 500 },
  );
});

test('whatever JSON.stringify writes is read as JSON.parse reads it', () => {
  const plain = (value: JsonValue): unknown => {
    if (value instanceof NumberText) return Number(value.text);
    if (Array.isArray(value)) return value.map(plain);
    if (!(value instanceof Map)) return value;
    return Object.fromEntries(Array.from(value, ([key, each]) => [key, plain(each)]));
  };
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(plain(parseFastjson(text))).toEqual(JSON.parse(text));
    }),
    { seed: testSeed, numRuns: 500 },
  );
});

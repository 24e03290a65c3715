/** Properties of a message that is appended: what is refused, and that the rest comes back as it was. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeProperties, isReservedName, shardingKeyOf } from '../ts/properties.js';
import { parseProperties, propertyValue, withoutStoreMarks } from '../ts/propertystring.js';
import type { Message } from '../ts/types.js';
import { thrownBy } from './failure.js';
import { testSeed } from './seed.js';

type Given = Pick<Message, 'keys' | 'tags' | 'shardingKey' | 'properties'>;

/** What a JavaScript program may pass. */
function encode(message: unknown): string {
  return encodeProperties(message as Given);
}

test('properties are encoded in the order keys, tag, sharding key, others', () => {
  expect(encodeProperties({})).toBe('');
  expect(encodeProperties({ tags: 'TagA' })).toBe('TAGS\x01TagA\x02');
  expect(encodeProperties({ tags: 'TagA' })).toBe('TAGS\x01TagA\x02');
  expect(encodeProperties({ properties: { b: '1', a: '2' }, shardingKey: 's', tags: 't', keys: ['k1', 'k2'] })).toBe(
    'KEYS\x01k1 k2\x02TAGS\x01t\x02__SHARDINGKEY\x01s\x02b\x011\x02a\x012\x02',
  );
  expect(encodeProperties({ keys: 'k1 k2' })).toBe('KEYS\x01k1 k2\x02');
  expect(encodeProperties({ keys: [], properties: {} })).toBe('');
});

test.each([
  [{ tags: '' }, 'tags'],
  [{ tags: 5 }, 'tags'],
  [{ tags: null }, 'tags'],
  [{ tags: 'a\x01' }, 'tags'],
  [{ tags: 'a\x02' }, 'tags'],
  [{ keys: '' }, 'keys'],
  [{ keys: 'a\x02b' }, 'keys'],
  [{ keys: {} }, 'keys'],
  [{ keys: ['a', ''] }, 'keys[1]'],
  [{ keys: ['a b'] }, 'keys[0]'],
  [{ keys: [1] }, 'keys[0]'],
  [{ keys: ['\x01'] }, 'keys[0]'],
  [{ shardingKey: '' }, 'shardingKey'],
  [{ shardingKey: 7 }, 'shardingKey'],
  [{ properties: 5 }, 'properties'],
  [{ properties: null }, 'properties'],
  [{ properties: ['a'] }, 'properties'],
  [{ properties: { '': 'x' } }, 'empty name'],
  [{ properties: { a: '' } }, 'properties["a"]'],
  [{ properties: { a: 1 } }, 'properties["a"]'],
  [{ properties: { a: undefined } }, 'properties["a"]'],
  [{ properties: { a: 'x\x01y' } }, 'properties["a"]'],
  [{ properties: { 'a\x02': 'x' } }, 'properties["a\\u0002"]'],
  [{ properties: { TAGS: 'x' } }, 'the field tags'],
  [{ properties: { KEYS: 'x' } }, 'the field keys'],
  [{ properties: { __SHARDINGKEY: 'x' } }, 'the field shardingKey'],
  [{ properties: { '__CRC32#': '1' } }, 'store'],
  [{ properties: { __MILLRACE_BATCH: '1' } }, 'store'],
  [{ properties: { INNER_NUM: '1' } }, 'store'],
  [{ properties: { INNER_BASE: '1' } }, 'store'],
  [{ properties: { INNER_MULTI_DISPATCH: '1' } }, 'store'],
])('%o is refused, and the argument named', (message, named) => {
  const error = thrownBy(() => encode(message));
  expect(error.code).toBe('INVALID_ARGUMENT');
  expect(error.message).toContain(named);
});

test('names that only resemble those of the store are free', () => {
  const properties = { TAG: '1', KEY: '2', INNER: '3', __CRC32: '4', tags: '5', __proto: '6', UNIQ_KEY: '7', DELAY: '3' };
  expect(parseProperties(encodeProperties({ properties }))).toEqual(properties);
});

test('an encoded string is stored as it is, behind the fields', () => {
  const encoded = 'b\x011\x02TAGS\x01t\x02odd\x02\x01x\x02last\x01one';
  expect(encodeProperties({ properties: encoded })).toBe(encoded);
  expect(encodeProperties({ keys: ['k'], properties: encoded })).toBe(`KEYS\x01k\x02${encoded}`);
  expect(encodeProperties({ properties: '' })).toBe('');
});

test.each([
  ['tags', 'TAGS'],
  ['keys', 'KEYS'],
  ['shardingKey', '__SHARDINGKEY'],
])('%s as a field and %s in the encoded string are one too many', (field, name) => {
  const error = thrownBy(() => encode({ [field]: 'x', properties: `a\x01b\x02${name}\x01y\x02` }));
  expect(error.code).toBe('INVALID_ARGUMENT');
  expect(error.message).toContain(name);
  // Without a value it counts for nothing, and a longer name is another one.
  expect(encode({ [field]: 'x', properties: `${name}\x01\x02X${name}\x01y\x02` })).toContain(`X${name}`);
});

test("the store's marks are dropped from an encoded string, wherever they stand", () => {
  expect(withoutStoreMarks('a\x01b\x02__CRC32#\x018181948501\x02')).toBe('a\x01b\x02');
  expect(withoutStoreMarks('__CRC32#\x011\x02a\x01b\x02__MILLRACE_BATCH\x012\x02c\x01d')).toBe('a\x01b\x02c\x01d');
  expect(withoutStoreMarks('a\x01__CRC32#\x02b\x01c\x02')).toBe('a\x01__CRC32#\x02b\x01c\x02');
  expect(encodeProperties({ properties: 'a\x01b\x02__CRC32#\x018181948501' })).toBe('a\x01b\x02');
});

test('the sharding key counts as a field and in an encoded string', () => {
  expect(shardingKeyOf({ shardingKey: 's' })).toBe('s');
  expect(shardingKeyOf({ properties: 'a\x01b\x02__SHARDINGKEY\x01s2' })).toBe('s2');
  expect(shardingKeyOf({ properties: { a: 'b' } })).toBeUndefined();
  expect(shardingKeyOf({})).toBeUndefined();
});

test('pairs are read as RocketMQ reads them', () => {
  expect(parseProperties('a\x01b')).toEqual({ a: 'b' });
  expect(parseProperties('a\x01\x02\x01b\x02c\x02\x02d\x01e\x01f\x02')).toEqual({ d: 'e\x01f' });
  expect(parseProperties('a\x011\x02a\x012\x02')).toEqual({ a: '2' });
  expect(propertyValue('a\x011\x02a\x012\x02', 'a')).toBe('2');
  expect(propertyValue('xa\x011\x02', 'a')).toBeUndefined();
  expect(propertyValue('a\x01\x02', 'a')).toBeUndefined();
  expect(Object.keys(parseProperties('__proto__\x01x\x02'))).toEqual(['__proto__']);
});

test('a long string without a single pair is walked once', () => {
  const started = performance.now();
  expect(parseProperties('\x02'.repeat(2_000_000))).toEqual({});
  expect(propertyValue(`${'\x02'.repeat(1_000_000)}TAGS\x01x`, 'TAGS')).toBe('x');
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('properties fill a record to the last byte, and not beyond', () => {
  const overhead = 'a\x01\x02'.length + 20;
  const fits = 'x'.repeat(32767 - overhead);
  expect(encodeProperties({ properties: { a: fits } })).toHaveLength(32767 - 20);
  expect(thrownBy(() => encodeProperties({ properties: { a: `${fits}x` } })).code).toBe('PROPERTIES_TOO_LARGE');
  expect(thrownBy(() => encodeProperties({ properties: { a: fits } }, true)).code).toBe('PROPERTIES_TOO_LARGE');
  expect(encodeProperties({ properties: { a: fits.slice(39) } }, true)).toHaveLength(32767 - 20 - 39);
  expect(thrownBy(() => encodeProperties({ properties: { a: fits.slice(38) } }, true)).code).toBe('PROPERTIES_TOO_LARGE');
  // Without U+0002 at its end an encoded string gets one.
  expect(encodeProperties({ properties: `a\x01${fits}` })).toHaveLength(32767 - 21);
  expect(thrownBy(() => encodeProperties({ properties: `a\x01${fits}x` })).code).toBe('PROPERTIES_TOO_LARGE');
  // Bytes count, not characters.
  expect(thrownBy(() => encodeProperties({ tags: 'ä'.repeat(16_400) })).code).toBe('PROPERTIES_TOO_LARGE');
  expect(encodeProperties({ tags: 'ä'.repeat(16_300) })).toHaveLength(16_300 + 6);
});

const separators = /[\x01\x02]/;
const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !separators.test(text));
const name = value.filter((text) => !isReservedName(text));
const field = fc.option(value, { nil: undefined });
const key = value.map((text) => text.replaceAll(' ', '_'));

test('whatever was given comes back, also in the second encoding', () => {
  fc.assert(
    fc.property(
      field,
      field,
      fc.array(key, { maxLength: 4 }),
      fc.dictionary(name, value),
      (tags, shardingKey, keys, properties) => {
        const encoded = encodeProperties({ tags, shardingKey, keys, properties });
        const { TAGS, KEYS, __SHARDINGKEY, ...others } = parseProperties(Buffer.from(encoded).toString());
        expect(TAGS).toBe(tags);
        expect(KEYS?.split(' ') ?? []).toEqual(keys);
        expect(__SHARDINGKEY).toBe(shardingKey);
        expect(others).toEqual({ ...properties });
        expect(propertyValue(encoded, 'TAGS')).toBe(tags);
        expect(shardingKeyOf({ properties: encoded })).toBe(shardingKey);
        expect(encodeProperties({ properties: encoded })).toBe(encoded);
      },
    ),
    { seed: testSeed, numRuns: 500 },
  );
});

test('any string at all is read without harm, and losing the marks loses nothing else', () => {
  const piece = fc.constantFrom('\x01', '\x02', 'a', 'TAGS', '__CRC32#', '__MILLRACE_BATCH', '__proto__', '', 'x y');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const encoded = pieces.join('');
      const properties = parseProperties(encoded);
      expect(parseProperties(withoutStoreMarks(encoded))).toEqual(properties);
      for (const each of Object.keys(properties)) expect(propertyValue(encoded, each)).toBe(properties[each]);
      if (properties.TAGS === undefined) expect(propertyValue(encoded, 'TAGS')).toBeUndefined();
    }),
    { seed: testSeed, numRuns: 1_000 },
  );
});

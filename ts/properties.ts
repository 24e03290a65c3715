/**
 * The encoded properties of a message that is appended: `KEYS`, `TAGS`, `__SHARDINGKEY`, then the rest; the engine adds its own marks behind.
 *
 * Everything that the public surface says about names and values is checked here, and nowhere else. On the hot path: a message without
 * properties costs four comparisons, one with a tag seen before a look-up. Text becomes UTF-8 in the engine's binding; an unpaired surrogate
 * becomes U+FFFD there.
 */
import { type StoreError, storeError } from './errors.js';
import { nameEnd, propertyValue, valueEnd, withoutStoreMarks } from './propertystring.js';
import type { Message } from './types/message.js';

/** Most bytes of properties in a record, with the marks of the store. */
export const maxPropertiesBytes = 32767;
/** What the checksum takes of it. */
const checksumBytes = 20;
/** What the mark on the first record of a batch takes. */
const batchMarkBytes = 39;

type Fields = Pick<Message, 'keys' | 'tags' | 'shardingKey' | 'properties'>;

const rememberedMax = 1024;
const rememberedTags = new Map<string, string>();

/** Builds the encoded form. Throws INVALID_ARGUMENT, and PROPERTIES_TOO_LARGE when a record (`isFirstOfBatch`: one with the batch's mark) cannot hold it. */
export function encodeProperties(message: Fields, isFirstOfBatch = false): string {
  const { keys, tags, shardingKey, properties } = message;
  if (keys === undefined && shardingKey === undefined && properties === undefined) {
    if (tags === undefined) return '';
    const known = rememberedTags.get(tags);
    if (known !== undefined) return known;
    const encoded = pair('TAGS', checkValue(tags, 'tags'));
    if (encoded.length > 256) return checkSize(encoded, isFirstOfBatch);
    if (rememberedTags.size >= rememberedMax) rememberedTags.clear();
    rememberedTags.set(tags, encoded);
    return encoded;
  }
  let encoded = keys === undefined ? '' : encodeKeys(keys);
  if (tags !== undefined) encoded += pair('TAGS', checkValue(tags, 'tags'));
  if (shardingKey !== undefined) encoded += pair('__SHARDINGKEY', checkValue(shardingKey, 'shardingKey'));
  if (properties !== undefined) {
    encoded += typeof properties === 'string' ? encodedForm(properties, message) : encodeRecord(properties);
  }
  return checkSize(encoded, isFirstOfBatch);
}

/** The sharding key of a message, given as a field or inside encoded properties. */
export function shardingKeyOf(message: Fields): string | undefined {
  const { shardingKey, properties } = message;
  return shardingKey ?? (typeof properties === 'string' ? propertyValue(properties, '__SHARDINGKEY') : undefined);
}

function pair(name: string, value: string): string {
  return name + nameEnd + value + valueEnd;
}

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}

function kind(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function hasSeparator(text: string): boolean {
  return text.includes(nameEnd) || text.includes(valueEnd);
}

function checkValue(value: unknown, argument: string): string {
  if (typeof value !== 'string') throw invalid(`${argument} is not a string (${kind(value)}). Give a string, or leave it out.`);
  if (value === '') throw invalid(`${argument} is empty. Give a value, or leave it out.`);
  if (hasSeparator(value)) throw invalid(`${argument} has U+0001 or U+0002 in it, which separate properties. Take them out.`);
  return value;
}

function encodeKeys(keys: string | readonly string[]): string {
  if (!Array.isArray(keys)) return pair('KEYS', checkValue(keys, 'keys'));
  if (keys.length === 0) return '';
  for (let index = 0; index < keys.length; index++) {
    if (checkValue(keys[index], `keys[${index}]`).includes(' ')) {
      throw invalid(`keys[${index}] has a space in it, which separates keys. Give each key as an element of its own.`);
    }
  }
  return pair('KEYS', keys.join(' '));
}

/** Which field to use for a name that cannot be a property; '' when there is none, undefined for a free name. */
function reservedFor(name: string): string | undefined {
  switch (name.charCodeAt(0)) {
    case 0x54: // T
      return name === 'TAGS' ? 'tags' : undefined;
    case 0x4b: // K
      return name === 'KEYS' ? 'keys' : undefined;
    case 0x49: // I
      return name.startsWith('INNER_') ? '' : undefined;
    case 0x5f: // _
      if (name === '__SHARDINGKEY') return 'shardingKey';
      return name === '__CRC32#' || name.startsWith('__MILLRACE_') ? '' : undefined;
    default:
      return undefined;
  }
}

/** Whether a property of this name is refused in a record of properties. */
export function isReservedName(name: string): boolean {
  return reservedFor(name) !== undefined;
}

function encodeRecord(properties: Readonly<Record<string, string>>): string {
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
    throw invalid(`properties is neither an object nor RocketMQ's encoded string (${kind(properties)}). Give one of them.`);
  }
  let encoded = '';
  for (const name of Object.keys(properties)) {
    if (name === '') throw invalid('properties has an empty name. Give each property a name.');
    if (hasSeparator(name)) {
      throw invalid(
        `properties[${JSON.stringify(name)}] has U+0001 or U+0002 in its name, which separate properties. Take them out.`,
      );
    }
    const field = reservedFor(name);
    if (field !== undefined) {
      const advice = field === '' ? 'Choose another name.' : `Use the field ${field} instead.`;
      throw invalid(`properties[${JSON.stringify(name)}] is a name of the store's own. ${advice}`);
    }
    encoded += pair(name, checkValue(properties[name], `properties[${JSON.stringify(name)}]`));
  }
  return encoded;
}

function encodedForm(properties: string, message: Fields): string {
  refuseBoth(properties, 'TAGS', 'tags', message.tags);
  refuseBoth(properties, 'KEYS', 'keys', message.keys);
  refuseBoth(properties, '__SHARDINGKEY', 'shardingKey', message.shardingKey);
  return withoutStoreMarks(properties);
}

function refuseBoth(properties: string, name: string, field: string, value: unknown): void {
  if (value !== undefined && propertyValue(properties, name) !== undefined) {
    throw invalid(`${name} is in the encoded properties, and the field ${field} is set too. Leave one of them out.`);
  }
}

function checkSize(encoded: string, isFirstOfBatch: boolean): string {
  // No UTF-16 unit becomes more than three bytes.
  if (encoded.length * 3 <= maxPropertiesBytes - checksumBytes - batchMarkBytes - 1) return encoded;
  const separatorBytes = encoded.endsWith(valueEnd) ? 0 : 1;
  const bytes = Buffer.byteLength(encoded) + separatorBytes + checksumBytes + (isFirstOfBatch ? batchMarkBytes : 0);
  if (bytes <= maxPropertiesBytes) return encoded;
  throw storeError(
    'PROPERTIES_TOO_LARGE',
    `The properties take ${bytes} bytes with the store's own marks; a record holds ${maxPropertiesBytes}. Make keys, tags or properties shorter, or put them into the body.`,
  );
}

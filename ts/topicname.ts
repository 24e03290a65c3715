/**
 * What a topic may be called.
 *
 * RocketMQ's characters: letters, digits, `_`, `-`, `%` and `|`; a topic is also the name of a directory, so nothing else gets in. RocketMQ
 * allows 127 characters (255 after `%RETRY%`), which is as much as a V1 record can hold; here 255 are allowed for every topic, as a V2 record
 * holds them and a directory's name ends there. RocketMQ 5.1 and later reads such records, older ones do not.
 */
import { storeError } from './errors.js';

/** Longest name in characters, which are bytes here. */
export const maxTopicLength = 255;

const allowed = /^[%|a-zA-Z0-9_-]+$/;

/** Whether a name, for example of a directory, is one of a topic. */
export function isTopicName(name: string): boolean {
  return name.length <= maxTopicLength && allowed.test(name);
}

/** Throws INVALID_ARGUMENT for anything that is not the name of a topic. */
export function checkTopicName(name: unknown, argument = 'topic'): asserts name is string {
  if (typeof name !== 'string')
    throw storeError(
      'INVALID_ARGUMENT',
      `${argument} is not a string (${name === null ? 'null' : typeof name}). Give the topic's name.`,
    );
  if (isTopicName(name)) return;
  if (name === '') throw storeError('INVALID_ARGUMENT', `${argument} is empty. Give the topic's name.`);
  if (name.length > maxTopicLength) {
    throw storeError(
      'INVALID_ARGUMENT',
      `${argument} has ${name.length} characters (${JSON.stringify(name.slice(0, 32))}…). Use at most ${maxTopicLength}.`,
    );
  }
  throw storeError(
    'INVALID_ARGUMENT',
    `${argument} ${JSON.stringify(name)} has characters that a topic may not have. Use letters, digits, _, -, % and | only.`,
  );
}

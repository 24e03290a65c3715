/** Which names a topic may have. */
import { expect, test } from 'vitest';
import { checkTopicName, isTopicName } from '../ts/topicname.js';
import { thrownBy } from './failure.js';

test.each(['a', 'Order-events_2', '%RETRY%group', '%DLQ%g', 'a|b', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(255)])(
  '%s is a name',
  (name) => {
    expect(() => checkTopicName(name)).not.toThrow();
    expect(isTopicName(name)).toBe(true);
  },
);

test.each(['', '.', '..', 'a/b', 'a b', 'a.b', 'ä', 'a\n', '标签', 'x'.repeat(256), '\x00'])('%j is not a name', (name) => {
  const error = thrownBy(() => checkTopicName(name));
  expect(error.code).toBe('INVALID_ARGUMENT');
  expect(error.message).toMatch(/^topic /);
  expect(isTopicName(name)).toBe(false);
});

test.each([undefined, null, 5, {}])('%j is not even a string', (name) => {
  expect(thrownBy(() => checkTopicName(name, 'message.topic')).message).toContain('message.topic is not a string');
});

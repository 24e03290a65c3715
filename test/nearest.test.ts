/** What was probably meant by a misspelt name. */
import { expect, test } from 'vitest';
import { nearestName } from '../ts/nearest.js';

const names = ['flush', 'visibility', 'commitLog', 'maxPendingBytes', 'readOnly'];

test.each([
  ['flsuh', 'flush'],
  ['FLUSH', 'flush'],
  ['readonly', 'readOnly'],
  ['commitlogs', 'commitLog'],
  ['maxPendingByte', 'maxPendingBytes'],
  ['visiblity', 'visibility'],
])('%s means %s', (typed, meant) => {
  expect(nearestName(typed, names)).toBe(meant);
});

test.each(['', 'x', 'colour', 'segmentSize'])('%j means none of them', (typed) => {
  expect(nearestName(typed, names)).toBeUndefined();
});

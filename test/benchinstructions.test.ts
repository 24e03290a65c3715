/** Counts of instructions held against their baseline: what is reported, and what is not comparable. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { advice, type Baseline, type Change, compare, countsTable, incomparable } from '../bench/counts.js';

const baseline: Baseline = {
  compiler: 'gcc 12.2.0',
  architecture: 'x64',
  checksums: 'pclmulqdq',
  instructions: { append: 1000, read: 500 },
};

function changes(append: number, read = 500): Change[] {
  return compare(baseline, [
    { name: 'append', title: 'an append', instructions: append },
    { name: 'read', title: 'a read', instructions: read },
  ]);
}

test.each([
  [1000, 'same'],
  [1030, 'same'],
  [1030.1, 'more'],
  [970, 'same'],
  [969.9, 'fewer'],
])('of 1000 instructions, %d are "%s"', (now, verdict) => {
  expect(changes(now).map((change) => change.verdict)).toEqual([verdict, 'same']);
});

test('a case that the baseline lacks, and one that only the baseline has, are told', () => {
  const both = compare(baseline, [
    { name: 'append', title: 'an append', instructions: 1000 },
    { name: 'write', title: 'a write', instructions: 1 },
  ]);
  expect(both.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['append', 'same'],
    ['write', 'new'],
    ['read', 'gone'],
  ]);
});

test('more instructions ask for a reason, fewer and others for a new baseline, and none for anything', () => {
  expect(advice(changes(1000))).toBe('');
  expect(advice(changes(1100))).toMatch(/^More instructions.*--update$/);
  expect(advice(changes(900))).toMatch(/^The baseline.*--update$/);
  expect(advice(changes(1100, 100))).toMatch(/^More instructions/);
  expect(advice(compare(baseline, []))).toMatch(/^The baseline/);
});

test('counts of another compiler, machine or checksum are not comparable, and the reason names both', () => {
  expect(incomparable(baseline, baseline)).toBeUndefined();
  expect(incomparable(baseline, { ...baseline, compiler: 'gcc 13.1.0' })).toBe(
    'compiler: the baseline has gcc 12.2.0, here is gcc 13.1.0',
  );
  expect(incomparable(baseline, { ...baseline, architecture: 'arm64', checksums: 'table' })).toMatch(
    /^architecture: .*; checksums: /,
  );
});

test('the table has a line for each case, with its change and what it is', () => {
  expect(countsTable(changes(1100, 400))).toBe(
    [
      '        baseline       now',
      'append    1000.0    1100.0  +10.0 %  more   an append',
      'read       500.0     400.0  -20.0 %  fewer  a read',
    ].join('\n'),
  );
});

test('the committed baseline says what it was counted with', () => {
  const committed = JSON.parse(readFileSync('bench/instructions.json', 'utf8')) as Baseline;
  expect(committed).toMatchObject({
    compiler: expect.stringMatching(/^gcc \d/),
    architecture: 'x64',
    checksums: expect.stringMatching(/^\w+$/),
  });
  expect(Object.values(committed.instructions).every((count) => count > 1)).toBe(true);
});

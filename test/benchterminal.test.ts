/** The benchmark's text: what a reader in a terminal sees of conditions, peers, results, limits, failures and targets. */
import { expect, test } from 'vitest';
import { noiseText, spreads } from '../bench/noise.js';
import type { Answers } from '../bench/question.js';
import { fractionOf, toText, wrapped } from '../bench/terminal.js';

const answers: Answers = {
  conditions: { cpu: 'a processor', noise: 'little' },
  scale: 'quick',
  rounds: 3,
  questions: [
    {
      name: 'writing',
      title: 'How fast is writing?',
      how: 'Bytes are written.',
      charts: [],
      heldAgainst: { 'writing/a': { result: 'limit/disk', figure: 'bytesPerSecond', of: 'bodyBytesPerSecond' } },
    },
    { name: 'reading', title: 'How fast is reading?', how: 'Bytes are read.', charts: [], heldAgainst: {} },
  ],
  results: [
    { name: 'writing/a', title: 'one by one', figures: { bodyBytesPerSecond: [5e6, 4e6, 6e6], memoryMiB: [50, 70, 60] } },
    { name: 'writing/none', title: 'not measured at all', figures: {} },
    { name: 'limit/disk', title: 'the disk', figures: { bytesPerSecond: [10e6, 10e6, 20e6] } },
  ],
  verdicts: [
    { title: 'fast', target: 2, reach: 'at least', series: [3, 3, 4], value: 3, reached: true },
    { title: 'small', target: 1, reach: 'at most', series: [3], value: 3, reached: false },
    { title: 'unknown', target: 1, reach: 'at most', series: [], value: Number.NaN, reached: undefined },
  ],
  peers: [
    { name: 'lmdb', version: '3.5', configuration: 'as it likes', isMissing: false },
    { name: 'kafka', version: '', configuration: 'there is no mvn', isMissing: true },
  ],
  failures: [{ result: 'reading/a', reason: 'it fell over\n    at somewhere' }],
};

test('conditions and peers come first, and a peer that is missing is named with its reason', () => {
  const lines = toText(answers).split('\n');
  expect(lines.slice(0, 6)).toEqual([
    'cpu:           a processor',
    'noise:         little',
    '',
    'Peers',
    'lmdb 3.5:      as it likes',
    'kafka:         left out: there is no mvn',
  ]);
});

test('a result shows its median, least and most, memory, and its part of the limit', () => {
  const line = toText(answers)
    .split('\n')
    .find((each) => each.includes('one by one'));
  expect(line?.replace(/ +/g, ' ').trim()).toBe('one by one 5.00 MB/s (4.00–6.00) RSS 70.0 MiB 0.400 of the disk');
});

test('a fraction is that of each round, not one of medians', () => {
  const [result] = answers.results;
  const limit = answers.questions[0]?.heldAgainst['writing/a'];
  if (result === undefined || limit === undefined) throw new Error('the example has a limit');
  // 0.5, 0.4, 0.3: the medians alone would give 0.5.
  expect(fractionOf(result, limit, answers.results)).toBe('0.400 of the disk');
  expect(fractionOf(result, limit, [])).toBeUndefined();
});

test('what has no figures is left out of the tables, and a question without results says so', () => {
  const text = toText(answers);
  expect(text).not.toContain('not measured at all');
  expect(text).toContain('How fast is reading?\n  Bytes are read.\n  nothing was measured\n');
});

test('a failure is told with its first line', () => {
  expect(toText(answers)).toContain('Left out\n  reading/a: it fell over\n');
});

test('targets say yes, NO or not measured, and are counted', () => {
  const text = toText(answers);
  expect(text).toMatch(/yes {10}fast +at least 2.00: 3.00 \(3.00–4.00\)/);
  expect(text).toMatch(/NO {11}small +at most 1.00: 3.00/);
  expect(text).toMatch(/not measured unknown +at most 1.00\n/);
  expect(text.trimEnd().endsWith('1 reached, 1 not reached, 1 not measured')).toBe(true);
});

test('long texts are broken at spaces', () => {
  const lines = wrapped('word '.repeat(60).trim(), '  ');
  expect(lines.length).toBe(3);
  expect(lines.every((line) => line.startsWith('  word') && line.length <= 132)).toBe(true);
});

test('noise is what the limits moved between their least and most, the steadiest and the one that moved most', () => {
  const results = [
    { name: 'limit/a', title: 'steady', figures: { bytesPerSecond: [100, 105, 100] } },
    { name: 'limit/b', title: 'restless', figures: { recordsPerSecond: [10, 12, 8], p99Micros: [1, 100, 1000] } },
    { name: 'writing/a', title: 'no limit', figures: { bytesPerSecond: [1, 1000] } },
  ];
  expect(spreads(results).map(({ title }) => title)).toEqual(['steady', 'restless']);
  expect(noiseText(results)).toBe('between the rounds the limits of the machine moved by 5 % (steady) to 40 % (restless)');
  expect(noiseText([])).toBe('unknown: no limit ran for two rounds');
});

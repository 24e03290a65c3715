/** Which probes a run takes, in which order, and what of a question is left for the reports. */
import { expect, test } from 'vitest';
import type { Probe } from '../bench/harness.js';
import type { Question } from '../bench/question.js';
import { type Asked, answered, questionsFor, selected } from '../bench/selection.js';

function probe(name: string, isLong = false): Probe {
  return { name, title: name, isLong, run: async () => ({}), close: async () => {} };
}

function question(name: string, heldAgainst: Question['heldAgainst'] = {}, charts: Question['charts'] = []): Question {
  return { name, title: `${name}?`, how: 'by looking', charts, heldAgainst, probes: async () => [] };
}

const held = { result: 'limit/disk', figure: 'bytesPerSecond', of: 'bytesPerSecond' };
const writing = question('writing', { 'writing/b': held });
const asked: readonly Asked[] = [
  { question: writing, probes: [probe('limit/disk'), probe('limit/thread'), probe('writing/a'), probe('writing/b')] },
  { question: question('reading'), probes: [probe('limit/disk'), probe('reading/a'), probe('reading/slow', true)] },
];

function names(only: readonly string[] | undefined): string[] {
  return selected(asked, only).map(({ name }) => name);
}

test('a limit runs once, right before the first probe that is held against it', () => {
  expect(names(undefined)).toEqual(['writing/a', 'limit/disk', 'writing/b', 'limit/thread', 'reading/a']);
});

test('of two probes with one name the first is taken', () => {
  const [first, second] = [probe('limit/disk'), probe('limit/disk')];
  const twice = [
    { question: writing, probes: [first] },
    { question: question('reading'), probes: [second] },
  ];
  const taken = selected(twice, undefined);
  expect(taken).toHaveLength(1);
  expect(taken[0]).toBe(first);
});

test('the name of a question takes its probes and no other', () => {
  expect(names(['reading'])).toEqual(['reading/a', 'limit/disk']);
});

test('a piece of a name takes the probes that contain it, and the limits that they are held against', () => {
  expect(names(['g/b'])).toEqual(['limit/disk', 'writing/b']);
});

test('a long probe runs only where its whole name is given', () => {
  expect(names(['reading/slow'])).toEqual(['reading/slow']);
  expect(names(['reading/s'])).toEqual([]);
});

test('only questions among which a wanted probe can be are asked for their probes', () => {
  const all = asked.map((each) => each.question);
  const of = (...only: string[]): string[] => questionsFor(all, only).map(({ name }) => name);
  expect(of('reading')).toEqual(['reading']);
  expect(of('writing/a')).toEqual(['writing']);
  expect(of('limit/disk')).toEqual(['writing', 'reading']);
  expect(of('slow')).toEqual(['writing', 'reading']);
  expect(questionsFor(all, undefined)).toEqual(all);
});

test('what was not measured is neither drawn nor held against anything', () => {
  const bars = [
    { label: 'a', result: 'writing/a' },
    { label: 'b', result: 'writing/b' },
  ];
  const limit = { label: 'disk', result: 'limit/disk', figure: 'bytesPerSecond' };
  const points = bars.map(({ result }, x) => ({ x, result }));
  const drawn = question('writing', { 'writing/a': held, 'writing/b': held }, [
    { kind: 'bars', title: 'one bar', figure: 'bytesPerSecond', bars, limit },
    { kind: 'bars', title: 'no bar', figure: 'findsPerSecond', bars },
    { kind: 'lines', title: 'one point', figure: 'bytesPerSecond', x: { label: 'n' }, lines: [{ label: 'l', points }] },
    { kind: 'latencies', title: 'no curve', curves: bars },
  ]);
  const results = [
    { name: 'writing/b', title: '', figures: { bytesPerSecond: [1] } },
    { name: 'writing/a', title: '', figures: {} },
  ];
  const { charts, heldAgainst } = answered(drawn, results);
  expect(charts).toEqual([
    { kind: 'bars', title: 'one bar', figure: 'bytesPerSecond', bars: bars.slice(1) },
    {
      kind: 'lines',
      title: 'one point',
      figure: 'bytesPerSecond',
      x: { label: 'n' },
      lines: [{ label: 'l', points: points.slice(1) }],
    },
  ]);
  expect(heldAgainst).toEqual({});
  const withLimit = [...results, { name: 'limit/disk', title: '', figures: { bytesPerSecond: [2] } }];
  expect(answered(drawn, withLimit).heldAgainst).toEqual({ 'writing/b': held });
  expect(answered(drawn, withLimit).charts[0]).toMatchObject({ limit });
});

/** What a run still takes is told from what its probes took; and a probe that fails does not end the others. */
import { expect, test } from 'vitest';
import { interleave, type Probe } from '../bench/harness.js';
import { duration, Progress } from '../bench/progress.js';

test('nothing is said about the time before something was measured', () => {
  const progress = new Progress([{ name: 'a/1' }], 2);
  progress.begin('a/1', 0);
  expect(progress.leftMillis()).toBeUndefined();
  expect(progress.line(0, 'a/1')).toBe('round 1 of 2: a: a/1');
});

test('a probe takes what it took last; one that did not run yet, the mean of the others', () => {
  const progress = new Progress([{ name: 'a/1' }, { name: 'a/2' }, { name: 'b/1', rounds: 1 }], 2);
  progress.begin('a/1', 0);
  progress.begin('a/2', 1000);
  // Left: a/1 once, a/2 twice and b/1 once, all as long as a/1.
  expect(progress.leftMillis()).toBe(4000);
  progress.begin('b/1', 4000);
  // a/1 1 s, a/2 3 s, b/1 the mean of both.
  expect(progress.leftMillis()).toBe(1000 + 3000 + 2000);
  expect(progress.line(0, 'b/1')).toBe('round 1 of 2: b: b/1, about 6 s left');
  progress.end(5000);
  expect(progress.leftMillis()).toBe(4000);
});

test('a probe that failed takes no more time', () => {
  const progress = new Progress([{ name: 'a/1' }, { name: 'a/2' }], 3);
  progress.begin('a/1', 0);
  progress.begin('a/2', 1000);
  progress.drop('a/2', 2000);
  expect(progress.leftMillis()).toBe(2000);
});

test('the time of each question is that of its probes in all rounds, the longest first', () => {
  const progress = new Progress([{ name: 'a/1' }, { name: 'b/1' }], 2);
  for (const [name, at] of [
    ['a/1', 0],
    ['b/1', 1000],
    ['b/1', 4000],
    ['a/1', 6000],
  ] as const)
    progress.begin(name, at);
  progress.end(6500);
  expect(progress.perQuestion()).toEqual([
    { question: 'b', millis: 5000 },
    { question: 'a', millis: 1500 },
  ]);
  expect(progress.slowest(1)).toEqual([{ name: 'b/1', millis: 5000 }]);
});

test('a duration is in seconds up to a minute and a half, then in minutes', () => {
  expect([duration(400), duration(89_000), duration(150_000)]).toEqual(['1 s', '89 s', '3 min']);
});

function probe(name: string, run: (round: number) => number): Probe & { closed: number } {
  let round = 0;
  const made = { name, title: name, closed: 0, run: async () => ({ n: run(round++) }), close: async () => void made.closed++ };
  return made;
}

test('a probe that fails keeps its rounds so far, is told of, and does not run again', async () => {
  const falls = probe('falls', (round) => {
    if (round === 1) throw new Error('it fell over');
    return round;
  });
  const stands = probe('stands', (round) => round);
  const told: string[] = [];
  const results = await interleave([falls, stands], {
    rounds: 4,
    settle: async () => {},
    progress: () => {},
    failed: ({ name }, error) => told.push(`${name}: ${(error as Error).message}`),
  });
  expect(results.map(({ figures }) => figures.n)).toEqual([[0], [0, 1, 2, 3]]);
  expect(told).toEqual(['falls: it fell over']);
  expect([falls.closed, stands.closed]).toEqual([1, 1]);
});

test('where nobody is told of failures the run fails, and everything is closed', async () => {
  const falls = probe('falls', () => {
    throw new Error('it fell over');
  });
  const stands = probe('stands', (round) => round);
  const run = { rounds: 2, settle: async () => {}, progress: () => {} };
  await expect(interleave([stands, falls], run)).rejects.toThrow('it fell over');
  expect([falls.closed, stands.closed]).toEqual([1, 1]);
});

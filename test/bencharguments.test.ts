/** The command line of the benchmark: what it takes, and what it says to everything else. */
import { expect, test } from 'vitest';
import { parseArguments } from '../bench/arguments.js';

test('without arguments everything is measured in full, five rounds, nothing is written to files', () => {
  expect(parseArguments([])).toEqual({
    scale: 'full',
    isExhaustive: false,
    only: undefined,
    rounds: 5,
    millis: 200,
    directory: undefined,
    json: undefined,
    html: undefined,
    isListing: false,
    isHelp: false,
  });
});

test('a quick run is shorter in each probe, unless it is told how long', () => {
  expect(parseArguments(['--quick'])).toMatchObject({ scale: 'quick', millis: 80, rounds: 5 });
  expect(parseArguments(['--quick', '--millis', '40', '--rounds', '7'])).toMatchObject({ millis: 40, rounds: 7 });
});

test('--only is a list, with or without spaces', () => {
  expect(parseArguments(['--only', 'flush, peers/read']).only).toEqual(['flush', 'peers/read']);
});

test('files and the directory are taken as they are given', () => {
  const given = ['--json', 'a.json', '--html', 'b.html', '--dir', '/mnt/disk'];
  expect(parseArguments(given)).toMatchObject({ json: 'a.json', html: 'b.html', directory: '/mnt/disk' });
});

test.each([
  [['--rounds', '0'], '--rounds is a whole number from 1, not 0'],
  [['--rounds', 'many'], '--rounds is a whole number from 1, not many'],
  [['--millis', '1.5'], '--millis is a whole number from 1, not 1.5'],
  [['--only', 'flush,'], '--only is a list of names with commas between them'],
  [['--quick', '--all'], '--quick and --all ask for opposite things'],
  [['--json', ''], '--json is a path'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused with a reason', (words, reason) => {
  expect(() => parseArguments(words)).toThrow(reason);
});

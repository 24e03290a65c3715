/** The words and figures of the benchmark's page, without a browser: names of figures, tables, verdicts, what is said of noise. */
import { expect, test } from 'vitest';
import { powerTicks, roundTicks, textWidth, wrap } from '../bench/charts/letters.js';
import { conditionSection, peerSection } from '../bench/html/background.js';
import { chartFigures, isMeasured, legend } from '../bench/html/charted.js';
import { markup } from '../bench/html/markup.js';
import { exact, figureWords, Measured } from '../bench/html/measured.js';
import { figureTable } from '../bench/html/tables.js';
import { verdictSection } from '../bench/html/verdicts.js';
import type { Answers, Chart, Verdict } from '../bench/question.js';

const results = [
  { name: 'flush/a', title: 'way a', figures: { messagesPerSecond: [100, 300, 200], p99Micros: [7, 8, 9] } },
  { name: 'limit/loop', title: 'a native loop', figures: { recordsPerSecond: [200, 400, 1000] } },
  { name: 'other/b', title: 'way b', figures: { messagesPerSecond: [1] } },
];
const chart: Chart = {
  kind: 'bars',
  title: 'Ways',
  figure: 'messagesPerSecond',
  bars: [{ label: 'a', result: 'flush/a' }],
  limit: { label: 'loop', result: 'limit/loop', figure: 'recordsPerSecond' },
};
const question = {
  name: 'flush',
  title: 'Which way?',
  how: 'Both.',
  charts: [chart],
  heldAgainst: { 'flush/a': { result: 'limit/loop', figure: 'recordsPerSecond', of: 'messagesPerSecond' } },
};
const answers: Answers = {
  conditions: { fileSystem: 'ext4', cpu: 'one' },
  scale: 'quick',
  rounds: 3,
  questions: [question],
  results,
  verdicts: [],
  peers: [],
};

function texts(page: { text: string } | undefined): string {
  return (page?.text ?? '')
    .replace(/<[^>]+>/g, '|')
    .replaceAll('\u00a0', ' ')
    .replace(/[|\s]*\|[|\s]*/g, '|');
}

test('text is escaped, markup is not, and groups of digits stay together', () => {
  expect(markup`<p title="${'"&\''}">${'<b>'}${markup`<i>${1}</i>`}${undefined}${['x', markup`<br>`]}</p>`.text).toBe(
    '<p title="&#34;&#38;&#39;">&#60;b&#62;<i>1</i>x<br></p>',
  );
  expect(markup`${'1 000 000 keys of 16 KiB, 3 1000'}`.text).toBe('1\u00a0000\u00a0000 keys of 16 KiB, 3 1000');
});

test('the name of a figure becomes words and a unit', () => {
  const words = [
    ['messagesPerSecond', 'messages a second'],
    ['bodyBytesPerSecond', 'bodies, MB/s'],
    ['bytesPerSecond', 'MB/s'],
    ['p50Micros', 'p50, µs'],
    ['p999Micros', 'p99.9, µs'],
    ['cycleP99Micros', 'cycle p99, µs'],
    ['openMillis', 'open, ms'],
    ['memoryMiB', 'memory, MiB'],
    ['perQueueKiB', 'per queue, KiB'],
    ['nanosPerCall', 'ns per call'],
    ['cpuNanosPerKilobyte', 'CPU ns per kilobyte'],
    ['storedPercent', 'stored, %'],
    ['diskBytesPerMessage', 'disk bytes per message'],
  ] as const;
  for (const [name, expected] of words) expect(figureWords(name)).toBe(expected);
});

test('a number that was chosen is given in full', () => {
  expect([0.75, 5, 1000, 1e6, 0.1 + 0.2, 0].map(exact)).toEqual(['0.75', '5', '1 000', '1 000 000', '0.3', '0']);
});

test('a table gives median, least and most in the unit of the figure, and the part of the limit round by round', () => {
  const table = texts(figureTable(question, answers, new Measured(results)));
  // 100/200, 300/400 and 200/1000: the median of the parts, not the part of the medians.
  expect(table).toContain('|way a|Messages a second|200|100|300|0.500|0.200–0.750|Messages a second, of a native loop|');
  expect(table).toContain('|p99, µs|8.00|7.00|9.00|');
  expect(table).toContain('|a native loop|Records a second|400|200|1 000|');
  expect(table).not.toContain('way b');
});

test('a question without figures has no table and no chart', () => {
  const empty = new Measured([]);
  expect(figureTable(question, { ...answers, results: [] }, empty)).toBeUndefined();
  expect(isMeasured(chart, empty)).toBe(false);
  expect(isMeasured(chart, new Measured(results))).toBe(true);
});

test('a chart names its figures and says which way is better', () => {
  expect(chartFigures(chart)).toEqual([['flush/a', 'messagesPerSecond']]);
  expect(legend(chart)).toBe(
    'Messages a second · more is better · bar: median of the rounds, whisker: least and most · dashed: limit',
  );
  expect(legend({ kind: 'latencies', title: 'Tails', curves: [] })).toContain('less is better');
  expect(legend({ ...chart, figure: 'nanosPerCall' })).toContain('less is better');
});

test('verdicts are counted and each has a word beside its colour', () => {
  const base = { target: 2, series: [3, 4, 8], value: 4 };
  const verdicts: Verdict[] = [
    { ...base, title: 'first', reach: 'at least', reached: true },
    { ...base, title: 'second', reach: 'at most', reached: false },
    { ...base, title: 'third', reach: 'at least', series: [], value: Number.NaN, reached: undefined },
  ];
  const page = texts(verdictSection(verdicts));
  expect(page).toContain('|1 of 3|reached, 1 missed, 1 not measured|');
  expect(page).toContain('|first|target|at least 2|4.00|3.00–8.00|✓|reached|');
  expect(page).toContain('|second|target|at most 2|4.00|3.00–8.00|✗|missed|');
  expect(page).toContain('|third|target|at least 2|–|–|not measured|');
  expect(verdictSection([])).toBeUndefined();
});

test('conditions are named in words, noise and failures stand below them', () => {
  const page = texts(conditionSection(answers));
  expect(page).toContain('|File system|ext4|CPU|one|Rounds|3|Scale|quick|');
  expect(page).not.toContain('Noise');
  expect(page).not.toContain('error');
  const failures = [{ result: 'opening/many', reason: 'no space left' }];
  const worse = texts(conditionSection({ ...answers, conditions: { noise: 'limits moved by 9 %' }, failures }));
  expect(worse).toContain('|Noise:|limits moved by 9 %. A difference');
  expect(worse).toContain('|opening/many|: no space left|');
});

test('a peer that is missing is named with its reason', () => {
  const page = texts(
    peerSection([
      { name: 'kafka', version: '3.9', configuration: 'no compression', isMissing: false },
      { name: 'artemis', version: '', configuration: 'no Java here', isMissing: true },
    ]),
  );
  expect(page).toContain('|kafka|3.9|no compression|');
  expect(page).toContain('|artemis|–|left out|no Java here|');
});

test('lines are about as long as each other, no longer than allowed, and lose no letter', () => {
  const text = 'better-sqlite3, WAL, synchronous OFF, a transaction of 1 000 messages';
  const lines = wrap(text, 290, 13);
  expect(lines.join(' ').replaceAll('\u00a0', ' ')).toBe(text);
  expect(lines.length).toBe(2);
  expect(lines.every((line) => textWidth(line, 13) <= 290)).toBe(true);
  const [first = '', second = ''] = lines;
  expect(Math.abs(textWidth(first, 13) - textWidth(second, 13))).toBeLessThan(80);
  const broken = wrap('x'.repeat(100), 100, 13);
  expect(broken.join('')).toBe('x'.repeat(100));
  expect(broken.every((line) => textWidth(line, 13) <= 100)).toBe(true);
});

test('ticks are round numbers within the range', () => {
  expect(roundTicks(0, 1214, 5)).toEqual([0, 250, 500, 750, 1000]);
  expect(roundTicks(0, 0.09, 3)).toEqual([0, 0.05]);
  expect(powerTicks(3, 90_000)).toEqual([10, 100, 1000, 10_000]);
  expect(powerTicks(80, 450)).toEqual([100, 200]);
});

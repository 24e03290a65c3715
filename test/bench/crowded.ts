/**
 * Answers that are hard to draw: many curves that end at one place, long names, figures of every size, a limit at the edge, one round,
 * text that means something to a browser. Made up like the example's, and as empty of meaning.
 */
import type { Result } from '../../bench/harness.js';
import type { Answers, Chart } from '../../bench/question.js';
import { exampleAnswers } from './example.js';

export const hostileText = '<script>document.title = "run"</script> & "quotes" of <b>peers</b>';

const long =
  'a store whose name and configuration take so many words that no column was ever made for it, synced every 1 000 messages';
const unbroken = 'org.example.store.log.segment.index.ConfiguredAppenderFactory';

const results: Result[] = [];

function add(name: string, figures: Readonly<Record<string, number>>): string {
  const series = Object.fromEntries(Object.entries(figures).map(([figure, value]) => [figure, [value]]));
  results.push({ name, title: name === 'crowded/hostile' ? hostileText : `${long}, ${name}`, figures: series });
  return name;
}

const sizes = [3.2e12, 9.9e6, 101, 0.004];
const bars = (title: string, limit: number): Chart => {
  const at = add(`limit/${title}`, { messagesPerSecond: limit });
  return {
    kind: 'bars',
    title,
    figure: 'messagesPerSecond',
    bars: [
      ...sizes.map((size, i) => ({
        label: i % 2 === 0 ? long : unbroken,
        result: add(`crowded/${title}-${i}`, { messagesPerSecond: size }),
        isOurs: i === 0,
      })),
      { label: hostileText, result: add('crowded/hostile', { messagesPerSecond: 7e11 }) },
    ],
    limit: { label: `limit, which is ${long}`, result: at, figure: 'messagesPerSecond' },
  };
};

const depths = [1, 2, 3, 4, 16, 17, 64, 1000, 1001];
const lines = (title: string, isLogarithmic: boolean, count: number): Chart => ({
  kind: 'lines',
  title,
  figure: 'messagesPerSecond',
  x: { label: 'messages in flight', isLogarithmic },
  lines: Array.from({ length: count }, (_, line) => ({
    label: line % 3 === 0 ? `${unbroken} ${line}` : `store ${line}`,
    isOurs: line < 5,
    points: depths.map((x) => ({ x, result: add(`crowded/${title}-${line}-${x}`, { messagesPerSecond: 5000 + x + line }) })),
  })),
  limit: {
    label: 'the same as all others',
    result: add(`limit/${title}`, { messagesPerSecond: 6001 }),
    figure: 'messagesPerSecond',
  },
});

export const crowdedAnswers: Answers = {
  ...exampleAnswers,
  scale: 'quick',
  rounds: 1,
  questions: [
    {
      name: 'crowded',
      title: `Can ${hostileText} be read?`,
      how: hostileText,
      charts: [
        bars('limit far to the right', 3.3e12),
        bars('limit far to the left', 1),
        lines('many lines that end together', true, 11),
        lines('few of them', false, 3),
        {
          kind: 'lines',
          title: 'one point',
          figure: 'openMillis',
          x: { label: 'queues', isLogarithmic: true },
          lines: [{ label: 'alone', points: [{ x: 1, result: add('crowded/alone', { openMillis: 12 }) }] }],
        },
        {
          kind: 'latencies',
          title: 'tails of every length',
          curves: [
            { label: unbroken, result: add('crowded/short', { p50Micros: 0.4, p99Micros: 0.9, maxMicros: 31 }), isOurs: true },
            { label: long, result: add('crowded/tall', { p50Micros: 900, p90Micros: 1900, p99Micros: 81_000, maxMicros: 9.1e6 }) },
            { label: 'never ran', result: 'crowded/absent' },
          ],
        },
      ],
      heldAgainst: { 'crowded/hostile': { result: 'limit/absent', figure: 'messagesPerSecond', of: 'messagesPerSecond' } },
    },
  ],
  results,
  verdicts: [
    { title: hostileText, target: 1, reach: 'at least', series: [1e9], value: 1e9, reached: true },
    { title: `${long} / ${unbroken}`, target: 1e6, reach: 'at most', series: [0], value: 0, reached: true },
  ],
  peers: [{ name: unbroken, version: 'unknown', configuration: `${hostileText} ${long} ${unbroken}`, isMissing: false }],
};

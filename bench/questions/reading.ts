/** The question of reading from memory: in order, by tag, and from random places. */
import type { Limit, Question } from '../question.js';
import { type Row, storeProbes } from './storeprobe.js';
import { yardsticks } from './yardsticks.js';

const inOrder: readonly Row[] = (
  [
    ['readSync', 'readSync, 1 024 at most', true],
    ['read', 'read, 1 024 at most', true],
    ['readRaw', 'readRaw, 256 KiB at most', false],
    ['batches', 'subscription, batches', false],
    ['messages', 'subscription, message by message', false],
  ] as const
).map(([way, title, isQuick]) => ({ name: way, title, job: 'read', parameters: { way, bodyBytes: 1024 }, isQuick }));

const byTag: readonly Row[] = [
  { name: 'tag', title: 'one in 100 has the tag, filtered', job: 'tags', parameters: { way: 'filter', every: 100 }, isQuick: true },
  { name: 'tagCompared', title: 'the same, all read and compared', job: 'tags', parameters: { way: 'strings', every: 100 } },
];

const atRandom: readonly Row[] = [
  { name: 'offset', title: 'one by its offset', job: 'anywhere', parameters: { way: 'offset' }, isQuick: true },
  { name: 'key', title: 'one by its key', job: 'anywhere', parameters: { way: 'key' } },
  { name: 'time', title: 'one by its store time', job: 'anywhere', parameters: { way: 'time' } },
];

const rows = [...inOrder, ...byTag, ...atRandom];
const bars = (of: readonly Row[]): { label: string; result: string; isOurs: true }[] =>
  of.map(({ name, title }) => ({ label: title, result: `reading/${name}`, isOurs: true }));
const copy: Limit = { result: 'limit/copy', figure: 'bytesPerSecond', of: 'bodyBytesPerSecond' };

export const reading: Question = {
  name: 'reading',
  title: 'How fast are messages read that are in memory?',
  how:
    '128 MiB of 1 KiB bodies are written once and read once, which checks them; each round reads them once more, unmeasured, ' +
    'because the system may take back what nobody used for minutes; then in order, from the beginning again at the end, and ' +
    'one byte in 64 of each is touched. By tag: 100 000 entries, of which one in a hundred has ' +
    'the tag; counted is what the scan goes over. At random: one message of 100 000 at a time, each when the one before was ' +
    'answered. The limit is a memcpy that finds nothing in the caches.',
  charts: [
    {
      kind: 'bars',
      title: 'In order, 1 KiB, bodies touched',
      figure: 'bodyBytesPerSecond',
      bars: bars(inOrder),
      limit: { label: 'memcpy', result: 'limit/copy', figure: 'bytesPerSecond' },
    },
    { kind: 'bars', title: 'By tag, entries gone over', figure: 'entriesPerSecond', bars: bars(byTag) },
    { kind: 'bars', title: 'One at a time from random places', figure: 'readsPerSecond', bars: bars(atRandom) },
  ],
  heldAgainst: Object.fromEntries(inOrder.map(({ name }) => [`reading/${name}`, copy])),
  probes: async (setting) => [...yardsticks(setting, 'copy'), ...storeProbes(setting, 'reading', rows)],
};

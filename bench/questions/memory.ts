/** The question of memory: what a store takes of its own as it grows, and for each queue and each subscription. */
import type { Probe } from '../harness.js';
import type { Question, Setting } from '../question.js';
import { storeProbe } from './storeprobe.js';

const sizes: readonly [mebibytes: number, text: string][] = [
  [256, '256 MiB'],
  [1024, '1 GiB'],
  [2048, '2 GiB'],
  [4096, '4 GiB'],
];
const quickSizes = 1;
const eachOf = 10_000;

/** Each round in a new process: memory that was once taken is seldom given back. */
function probe(setting: Setting, name: string, title: string, what: string, amount: number, rounds: number): Probe {
  return storeProbe(setting, {
    name: `memory/${name}`,
    title,
    job: 'growth',
    parameters: { what, amount },
    rounds,
    isFresh: true,
  });
}

export const memory: Question = {
  name: 'memory',
  title: 'How much memory does a store take?',
  how:
    'Memory of a process that has nothing but Node and the store: anonymous pages and those of the program, without pages of ' +
    'the store’s files, which are the page cache’s. Each size is written by a process of its own, 1 KiB messages, 1 000 in ' +
    'flight, flushed asynchronously, with some read back; given is the most that it took at any time, looked at every 50 ms, ' +
    'and what is left of anonymous pages when it has settled and garbage is collected. For each queue and each subscription: ' +
    'what 10 000 more make of the settled memory, divided. What is written, and queues, are one round each: they take long and ' +
    'vary little.',
  charts: [
    {
      kind: 'lines',
      title: 'The most that a writer takes, by bytes written',
      figure: 'memoryMiB',
      x: { label: 'MiB written', isLogarithmic: true },
      lines: [
        { label: 'RSS without shared mappings', isOurs: true, points: sizes.map(([x]) => ({ x, result: `memory/written-${x}` })) },
      ],
    },
    {
      kind: 'bars',
      title: 'For each queue in use',
      figure: 'perQueueKiB',
      bars: [{ label: 'an open queue', result: 'memory/queues', isOurs: true }],
    },
    {
      kind: 'bars',
      title: 'For each subscription that waits',
      figure: 'perSubscriptionKiB',
      bars: [{ label: 'a waiting subscription', result: 'memory/subscriptions', isOurs: true }],
    },
  ],
  heldAgainst: {},
  probes: async (setting) => [
    ...sizes
      .slice(0, setting.scale === 'quick' ? quickSizes : sizes.length)
      .map(([mebibytes, text]) =>
        probe(setting, `written-${mebibytes}`, `${text} written, 1 KiB, async`, 'bytes', mebibytes * 2 ** 20, 1),
      ),
    ...(setting.scale === 'quick'
      ? []
      : [
          probe(setting, 'queues', '10 000 open queues', 'queues', eachOf, 1),
          probe(setting, 'subscriptions', '10 000 waiting subscriptions', 'subscriptions', eachOf, 3),
        ]),
  ],
};

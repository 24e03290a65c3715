/** The question of recovery: opening after a kill, by the bytes that the log holds, and opening a store of many queues in order. */
import { join } from 'node:path';
import type { Probe } from '../harness.js';
import { KilledStore } from '../killed.js';
import { settle } from '../limits.js';
import { openingProbe } from '../openings.js';
import type { Limit, Question, Setting } from '../question.js';
import { roundsFor } from './storeprobe.js';
import { yardsticks } from './yardsticks.js';

const sizes: readonly [mebibytes: number, text: string][] = [
  [64, '64 MiB'],
  [256, '256 MiB'],
  [1024, '1 GiB'],
  [2048, '2 GiB'],
];
const quickSizes = 1;
/** From 1 GiB and 10 000 queues on a round takes seconds. */
const roundsOfLong = 3;

const queues: readonly [count: number, text: string][] = [
  [10, '10'],
  [1000, '1 000'],
  [10_000, '10 000'],
  [100_000, '100 000'],
];
const quickQueues = 2;
/** So many files are made and removed for a minute or more. */
const longFrom = 100_000;

function killedProbes(setting: Setting): Probe[] {
  const { directory, scale } = setting;
  return sizes.slice(0, scale === 'quick' ? quickSizes : sizes.length).flatMap(([mebibytes, text]) => {
    const store = new KilledStore(join(directory, `recovery-${mebibytes}`), mebibytes * 2 ** 20, () =>
      settle(setting.limits, false),
    );
    const rounds = roundsFor(setting, mebibytes >= 1024 ? roundsOfLong : undefined);
    const probe = (name: string, title: string, isBare: boolean): Probe => ({
      name: `recovery/${name}-${mebibytes}`,
      title: `killed, ${text} of log, ${title}`,
      ...(rounds === undefined ? {} : { rounds }),
      run: () => store.open(isBare),
      close: () => store.remove(),
    });
    return [probe('left', 'as it was left', false), probe('bare', 'without the side-car', true)];
  });
}

const scanned: Limit = { result: 'limit/checksum-1024', figure: 'bytesPerSecond', of: 'scanBytesPerSecond' };

export const recovery: Question = {
  name: 'recovery',
  title: 'How long does opening take, after a kill and after a proper end?',
  how:
    'A writer of 1 KiB messages, 1 000 in flight and flushed asynchronously, is killed when the log has the size; a new ' +
    'process opens what it left, and is killed too. Before each opening everything but the log is put back from a copy made ' +
    'right after the kill, so that each round finds the same; only the torn end of the log is cut by the first one. What the ' +
    'writer had not synced is on the disk by then: the sync that recovery begins with finds nothing to do. As it was left: the ' +
    'side-car tells where to begin. Without the side-car the whole log is read and checked, from memory. Opening in order: ' +
    'every queue has one message, and its files are in memory. 100 000 queues run only where recovery/queues-100000 is asked ' +
    'for.',
  charts: [
    {
      kind: 'lines',
      title: 'Opening after a kill',
      figure: 'openMillis',
      x: { label: 'MiB of log', isLogarithmic: true },
      lines: [
        { label: 'as it was left', isOurs: true, points: sizes.map(([x]) => ({ x, result: `recovery/left-${x}` })) },
        { label: 'without the side-car', isOurs: true, points: sizes.map(([x]) => ({ x, result: `recovery/bare-${x}` })) },
      ],
    },
    {
      kind: 'lines',
      title: 'Opening after a proper end',
      figure: 'openMillis',
      x: { label: 'queues', isLogarithmic: true },
      lines: [{ label: 'closed', isOurs: true, points: queues.map(([x]) => ({ x, result: `recovery/queues-${x}` })) }],
    },
  ],
  heldAgainst: Object.fromEntries(sizes.map(([size]) => [`recovery/bare-${size}`, scanned])),
  probes: async (setting) => [
    ...yardsticks(setting, 'checksum-1024'),
    ...killedProbes(setting),
    ...queues.slice(0, setting.scale === 'quick' ? quickQueues : queues.length).map(([count, text]) =>
      openingProbe(setting, {
        name: `recovery/queues-${count}`,
        title: `closed, ${text} queues`,
        queues: count,
        isLong: count >= longFrom,
        rounds: roundsFor(setting, count >= 10_000 ? roundsOfLong : undefined),
      }),
    ),
  ],
};

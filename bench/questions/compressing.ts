/** The question of compression: what the option saves and costs, on real bodies and on made ones. */
import type { Question } from '../question.js';
import { chosen, storeProbe, withoutMemory } from './storeprobe.js';

const bodies: readonly [name: string, title: string][] = [
  ['mails', 'real mails'],
  ['rows', 'JSON rows of 8 KiB'],
  ['random', 'random bytes, 8 KiB'],
];
const compressions: readonly [name: string, title: string][] = [
  ['none', 'without'],
  ['lz4', 'LZ4'],
];
const rounds = 3;

const pairs = bodies.flatMap(([kind, what]) =>
  compressions.map(([compression, how]) => ({
    kind,
    compression,
    isQuick: kind === 'rows',
    result: `compressing/${kind}-${compression}`,
    label: `${what}, ${how}`,
  })),
);
const bars = pairs.map(({ compression, result, label }) => ({ label, result, isOurs: compression === 'lz4' }));

export const compressing: Question = {
  name: 'compressing',
  title: 'What does compression save, and what does it cost?',
  how:
    'Each round makes a store without or with the option, appends every body (500 in flight, flushed asynchronously) and reads ' +
    'all back from memory. Rates count the bytes of the bodies as they were given, and stored is the log beside them. The ' +
    'mails are some six thousand real ones, 5 KiB in the mean, of which bodies below 4 KiB are stored as they are; the made ' +
    'ones are 4 000 of 8 KiB: rows of JSON with random numbers, and random bytes, which are stored as they are after a vain ' +
    'attempt.',
  charts: [
    { kind: 'bars', title: 'The log, in per cent of the bodies', figure: 'storedPercent', bars },
    { kind: 'bars', title: 'Appending', figure: 'appendBytesPerSecond', bars },
    { kind: 'bars', title: 'Reading from memory', figure: 'readBytesPerSecond', bars },
  ],
  heldAgainst: {},
  probes: async (setting) =>
    chosen(setting, pairs).map(({ kind, compression, result, label }) => {
      const parameters = { bodies: kind, compression };
      // It holds all the bodies.
      return withoutMemory(storeProbe(setting, { name: result, title: label, job: 'compress', parameters, rounds }));
    }),
};

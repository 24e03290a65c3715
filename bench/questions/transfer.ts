/** The question of sending: records from the log to a socket, by the length of the runs that they stand in. */
import type { Probe } from '../harness.js';
import type { Limit, LineChart, Question, Setting } from '../question.js';
import { storeProbe } from './storeprobe.js';
import { gatheredLengths, gatherLimit, longestGathered, runLengths, sendfileLimit, spellLength, yardsticks } from './yardsticks.js';

const quickLengths: readonly number[] = [1024];
const ways: readonly [way: string, title: string][] = [
  ['transfer', 'transfer'],
  ['copy', 'readRaw and write'],
];

const limit = (result: string): Limit => ({ result, figure: 'bytesPerSecond', of: 'bytesPerSecond' });
/** What the engine uses itself for runs of this length. */
const bare = (length: number): string => (length <= longestGathered ? gatherLimit(length) : sendfileLimit(length));

function probe(setting: Setting, name: string, title: string, parameters: Readonly<Record<string, number | string>>): Probe {
  return storeProbe(setting, {
    name: `transfer/${name}`,
    title,
    job: 'transfer',
    parameters: { port: setting.port, ...parameters },
  });
}

function byLength(title: string, figure: string): LineChart {
  return {
    kind: 'lines',
    title,
    figure,
    x: { label: 'bytes of a run', isLogarithmic: true },
    lines: [
      ...ways.map(([way, label]) => ({
        label,
        isOurs: way === 'transfer',
        points: runLengths.map((x) => ({ x, result: `transfer/${way}-${x}` })),
      })),
      { label: 'bare sendfile, a call a run', points: runLengths.map((x) => ({ x, result: `limit/${sendfileLimit(x)}` })) },
      { label: 'bare writev, 512 runs a call', points: gatheredLengths.map((x) => ({ x, result: `limit/${gatherLimit(x)}` })) },
    ],
  };
}

function beside(title: string, figure: string): Question['charts'][number] {
  return {
    kind: 'bars',
    title,
    figure,
    bars: ways.map(([way, label]) => ({ label, result: `transfer/${way}-long`, isOurs: way === 'transfer' })),
    limit: { label: 'bare sendfile of 1 MiB', result: 'limit/sendfile', figure },
  };
}

export const transfer: Question = {
  name: 'transfer',
  title: 'How fast do records get from the log to a socket, and what does a byte cost?',
  how:
    'A queue of 64 MiB of records is sent over loopback to a process that discards what it gets and shares the processors with ' +
    'the sender. Each record is a run of its own, because one of another queue stands behind it; or, side by side, all are one ' +
    'run. A transfer asks for 8 MiB and takes the way that the engine chooses (sendfile, or writev of many pieces where runs ' +
    'are short); a copy is a loop of readRaw, 256 KiB or one record, and socket.write that waits for drain. Processor time is ' +
    'that of the sending process, all its threads, for 1 000 bytes. The limits have no log to look into and are C++: sendfile, ' +
    'a call for each run, and up to 16 KiB writev of 512 runs out of a mapping.',
  charts: [
    byLength('Bytes a second by the length of a run', 'bytesPerSecond'),
    byLength('Processor time by the length of a run', 'cpuNanosPerKilobyte'),
    beside('1 KiB records side by side, bytes a second', 'bytesPerSecond'),
    beside('1 KiB records side by side, processor time', 'cpuNanosPerKilobyte'),
  ],
  heldAgainst: Object.fromEntries(
    ways.flatMap(([way]) => [
      [`transfer/${way}-long`, limit('limit/sendfile')],
      ...runLengths.map((length) => [`transfer/${way}-${length}`, limit(`limit/${bare(length)}`)]),
    ]),
  ),
  probes: async (setting) => {
    const lengths = setting.scale === 'quick' ? quickLengths : runLengths;
    const limits = new Set(['sendfile', ...lengths.flatMap((length) => [sendfileLimit(length), bare(length)])]);
    return [
      ...yardsticks(setting, ...limits),
      ...ways.flatMap(([way, title]) => [
        probe(setting, `${way}-long`, `1 KiB side by side, ${title}`, { way, queues: 1 }),
        ...lengths.map((recordBytes) =>
          probe(setting, `${way}-${recordBytes}`, `runs of ${spellLength(recordBytes)}, ${title}`, { way, queues: 2, recordBytes }),
        ),
      ]),
    ];
  },
};

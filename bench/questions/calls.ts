/** The question of single calls: what each costs by itself, measured with Benchmark.js. */
import type { Limit, Question } from '../question.js';
import { chosen, storeProbe } from './storeprobe.js';
import { yardsticks } from './yardsticks.js';

interface Row {
  readonly call: string;
  readonly title: string;
  readonly limit?: Limit;
  /** Also where there is little time. */
  readonly isQuick?: boolean;
}

const call: Limit = { result: 'calls/native', figure: 'callsPerSecond', of: 'callsPerSecond' };
const checksum: Limit = { result: 'limit/checksum-1024', figure: 'recordsPerSecond', of: 'callsPerSecond' };
const write: Limit = { result: 'limit/pwrite-1024', figure: 'writesPerSecond', of: 'callsPerSecond' };

const roundTrip: Limit = { result: 'limit/roundtrip', figure: 'roundTripsPerSecond', of: 'callsPerSecond' };

const inTurn: readonly Row[] = [
  { call: 'native', title: 'a Node-API call that does nothing', isQuick: true },
  { call: 'properties', title: 'the text of three properties' },
  { call: 'encode', title: 'encode a record with its checksums', limit: checksum, isQuick: true },
  { call: 'appendSync', title: 'appendSync', limit: write, isQuick: true },
  { call: 'readSync', title: 'readSync of one', limit: call, isQuick: true },
  { call: 'decode', title: 'decode a record, six fields' },
  { call: 'decodeBody', title: 'decode a record, its body only' },
];

const awaited: readonly Row[] = [
  { call: 'append', title: 'append', limit: roundTrip, isQuick: true },
  { call: 'appendBatch1', title: 'appendBatch of 1', limit: roundTrip },
  { call: 'appendBatch100', title: 'appendBatch of 100' },
  { call: 'read', title: 'read of one', limit: call },
  { call: 'readRaw', title: 'readRaw of one', limit: call },
  { call: 'findByKey', title: 'findByKey', limit: call },
  { call: 'offsetAt', title: 'offsetAt', limit: call },
];

const rows = [...inTurn, ...awaited];
const resultOf = ({ call: name }: Row): string => `calls/${name}`;
const bars = (of: readonly Row[]): { label: string; result: string; isOurs: boolean }[] =>
  of.map((row) => ({ label: row.title, result: resultOf(row), isOurs: row.call !== 'native' }));

export const calls: Question = {
  name: 'calls',
  title: 'What does one call cost?',
  how:
    'Benchmark.js calls one function again and again, each in a process of its own; the mean of its samples, and their ' +
    'relative margin of error at 95 %. Bodies are 1 KiB; reads are of random ones among 10 000 in memory. Encoding is the ' +
    'addon putting one record into the draft of a batch that is never appended, a call a record. Asynchronous calls are made ' +
    'one at a time, each when the one before has been answered, so an append holds the way to the writer thread and back; its ' +
    'Deferred is counted with them, about 0.1 µs. The limits: a call into the addon that sets one flag; the checksum of 1 KiB ' +
    'while copying it; pwrite of 1 KiB; one thread waking another and being woken.',
  charts: [
    {
      kind: 'bars',
      title: 'Calls that are done when they return',
      figure: 'nanosPerCall',
      bars: bars(inTurn),
      limit: { label: 'a Node-API call', result: 'calls/native', figure: 'nanosPerCall' },
    },
    { kind: 'bars', title: 'Calls that are awaited, one at a time', figure: 'nanosPerCall', bars: bars(awaited) },
  ],
  heldAgainst: Object.fromEntries(rows.flatMap((row) => (row.limit === undefined ? [] : [[resultOf(row), row.limit]]))),
  probes: async (setting) => [
    ...yardsticks(setting, 'checksum-1024', 'pwrite-1024', 'roundtrip'),
    ...chosen(setting, rows).map((row) =>
      storeProbe(setting, { name: resultOf(row), title: row.title, job: 'call', parameters: { call: row.call } }),
    ),
  ],
};

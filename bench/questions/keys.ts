/** The question of look-ups: what keys cost when appending, and finding by key and by time in stores of different sizes. */
import type { Question } from '../question.js';
import { type Row, storeProbes } from './storeprobe.js';

const keyed = { way: 'append', bodyBytes: 1024, writeMode: 'pwrite' };
const appending: readonly Row[] = [
  { name: 'append-0', title: 'append, no key', job: 'append', parameters: { ...keyed, key: 'none' }, isQuick: true },
  { name: 'append-1', title: 'append, a key of its own', job: 'append', parameters: { ...keyed, key: 'own' }, isQuick: true },
  { name: 'append-3', title: 'append, three keys of its own', job: 'append', parameters: { ...keyed, key: 'three' } },
];

const finding: readonly (Row & { readonly messages: number })[] = [
  {
    messages: 1e4,
    name: 'find-10000',
    title: 'findByKey, 10 000 keys',
    job: 'keys',
    parameters: { messages: 1e4, bodyBytes: 1024 },
    isQuick: true,
  },
  {
    messages: 1e6,
    name: 'find-1000000',
    title: 'findByKey, 1 000 000 keys',
    job: 'keys',
    parameters: { messages: 1e6, bodyBytes: 64 },
  },
  {
    messages: 1e7,
    name: 'find-10000000',
    title: 'findByKey, 10 000 000 keys',
    job: 'keys',
    parameters: { messages: 1e7, bodyBytes: 64 },
    isLong: true,
  },
];

const unique: Row = {
  name: 'find-unique',
  title: 'findByKey by UNIQ_KEY, 10 000 messages',
  job: 'keys',
  parameters: { messages: 1e4, bodyBytes: 1024, unique: 1 },
};

const searching: readonly (Row & { readonly messages: number })[] = [
  {
    messages: 1e4,
    name: 'time-10000',
    title: 'offsetAt, 10 000 messages',
    job: 'timeSearch',
    parameters: { messages: 1e4, bodyBytes: 64 },
    isQuick: true,
  },
  {
    messages: 1e6,
    name: 'time-1000000',
    title: 'offsetAt, 1 000 000 messages',
    job: 'timeSearch',
    parameters: { messages: 1e6, bodyBytes: 64 },
  },
  {
    messages: 1e7,
    name: 'time-10000000',
    title: 'offsetAt, 10 000 000 messages',
    job: 'timeSearch',
    parameters: { messages: 1e7, bodyBytes: 1 },
    isLong: true,
  },
];

const rows: readonly Row[] = [...appending, ...finding, unique, ...searching];
const points = (of: readonly (Row & { readonly messages: number })[]): { x: number; result: string }[] =>
  of.map(({ messages, name }) => ({ x: messages, result: `keys/${name}` }));

export const keys: Question = {
  name: 'keys',
  title: 'What do keys cost, and how fast is a message found?',
  how:
    'Appending: 1 KiB messages, 1 000 in flight, flushed asynchronously, a new store each round with index files of the usual ' +
    'size; 128 MiB are not measured, so that every page of the index has been touched. Finding: random keys that one message ' +
    'each has, 64 look-ups in flight, after every key was looked up once; bodies are 1 KiB among 10 000, 64 B among more. ' +
    'Searching by store time: random times, one search after the other, also after every place was searched for. Ten million ' +
    'run only where they are asked for by name.',
  charts: [
    {
      kind: 'bars',
      title: 'Appending with keys',
      figure: 'messagesPerSecond',
      bars: appending.map(({ name, title }) => ({ label: title, result: `keys/${name}`, isOurs: true })),
    },
    {
      kind: 'lines',
      title: 'findByKey by the number of keys',
      figure: 'findsPerSecond',
      x: { label: 'keys', isLogarithmic: true },
      lines: [
        { label: 'a word of keys', isOurs: true, points: points(finding) },
        { label: 'UNIQ_KEY', isOurs: true, points: [{ x: 1e4, result: `keys/${unique.name}` }] },
      ],
    },
    {
      kind: 'lines',
      title: 'offsetAt by the number of messages',
      figure: 'searchesPerSecond',
      x: { label: 'messages', isLogarithmic: true },
      lines: [{ label: 'offsetAt', isOurs: true, points: points(searching) }],
    },
  ],
  heldAgainst: {},
  probes: async (setting) => storeProbes(setting, 'keys', rows),
};

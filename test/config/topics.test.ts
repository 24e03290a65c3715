/** config/topics.json: what RocketMQ wrote survives, saves are whole or not there, and `.bak` steps in. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TopicsFile } from '../../ts/config/topics.js';
import { rejectionOf } from '../failure.js';

let root: string;
let path: string;
let now = 1700000000000;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-topics-'));
  path = join(root, 'config', 'topics.json');
  now = 1700000000000;
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function load(): Promise<TopicsFile> {
  return TopicsFile.load({ root, temporaryFolder: join(root, 'millrace', 'tmp'), clock: () => now });
}

function place(name: string, text: string): void {
  mkdirSync(join(root, 'config'), { recursive: true });
  writeFileSync(join(root, 'config', name), text);
}

/** As RocketMQ may have written it: a topic in the middle of shrinking, fields and numbers that nobody here knows. */
const foreign =
  '{\n\t"dataVersion":{\n\t\t"counter":9007199254740993,\n\t\t"stateVersion":7,\n\t\t"timestamp":1690000000000\n\t},\n' +
  '\t"somethingNew":{\n\t\t"weights":[\n\t\t\t1.0,\n\t\t\t18446744073709551615\n\t\t]\n\t},\n' +
  '\t"topicConfigTable":{\n' +
  '\t\t"Shrinking":{\n\t\t\t"attributes":{\n\t\t\t\t"cleanup.policy":"COMPACTION"\n\t\t\t},\n\t\t\t"order":true,\n\t\t\t"perm":6,\n' +
  '\t\t\t"readQueueNums":8,\n\t\t\t"topicFilterType":"MULTI_TAG",\n\t\t\t"topicName":"Shrinking",\n\t\t\t"topicSysFlag":3,\n' +
  '\t\t\t"writeQueueNums":4,\n\t\t\t"zone":"b"\n\t\t},\n' +
  '\t\t"Mute":{\n\t\t\t"perm":4,\n\t\t\t"readQueueNums":1,\n\t\t\t"writeQueueNums":1\n\t\t},\n' +
  '\t\t"Sparse":{}\n\t}\n}';

test('without any file there are no topics, and nothing is written until something changes', async () => {
  const topics = await load();
  expect(topics.all()).toEqual([]);
  expect(topics.source).toBe('none');
  await topics.save();
  expect(readdirSync(root)).toEqual([]);
});

test('a topic made is there at once, after the save on disk, and when loaded again', async () => {
  const topics = await load();
  const made = topics.set('T', 8);
  expect(made).toEqual({
    name: 'T',
    readQueues: 8,
    writeQueues: 8,
    queues: 8,
    isReadable: true,
    isWritable: true,
    attributes: new Map(),
  });
  expect(topics.get('T')).toBe(made);
  expect(existsSync(path)).toBe(false);
  await topics.save();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    dataVersion: { counter: 1, stateVersion: 0, timestamp: 1700000000000 },
    topicConfigTable: {
      T: {
        attributes: {},
        order: false,
        perm: 6,
        readQueueNums: 8,
        topicFilterType: 'SINGLE_TAG',
        topicName: 'T',
        topicSysFlag: 0,
        writeQueueNums: 8,
      },
    },
  });
  const again = await load();
  expect(again.source).toBe('file');
  expect(again.all()).toEqual([made]);
});

test("a file of RocketMQ's is understood: queues to read and to write, permissions, attributes, defaults", async () => {
  place('topics.json', foreign);
  const topics = await load();
  expect(topics.all().map(({ name }) => name)).toEqual(['Shrinking', 'Mute', 'Sparse']);
  expect(topics.get('Shrinking')).toMatchObject({
    readQueues: 8,
    writeQueues: 4,
    queues: 8,
    attributes: new Map([['cleanup.policy', 'COMPACTION']]),
  });
  expect(topics.get('Mute')).toMatchObject({ isReadable: true, isWritable: false });
  expect(topics.get('Sparse')).toMatchObject({ readQueues: 16, writeQueues: 16, isReadable: true, isWritable: true });
});

test('what nobody here understands survives our rewriting, byte for byte', async () => {
  place('topics.json', foreign);
  const topics = await load();
  topics.set('Shrinking', 9);
  topics.delete('Mute');
  await topics.save();
  const expected = foreign
    .replace('9007199254740993', '9007199254740995')
    .replace('1690000000000', '1700000000000')
    .replace('"readQueueNums":8', '"readQueueNums":9')
    .replace('"writeQueueNums":4', '"writeQueueNums":9')
    .replace(/\t\t"Mute":\{[^}]*\},\n/, '');
  expect(readFileSync(path, 'utf8')).toBe(expected);
  expect(readFileSync(`${path}.bak`, 'utf8')).toBe(foreign);
});

test('changes of one turn are written once, and .bak is what stood before', async () => {
  const topics = await load();
  topics.set('First', 1);
  await topics.save();
  const before = readFileSync(path, 'utf8');
  const saves = Array.from({ length: 100 }, (_, index) => {
    topics.set(`T${index}`, 1);
    return topics.save();
  });
  await Promise.all(saves);
  expect((await load()).all()).toHaveLength(101);
  expect(readFileSync(`${path}.bak`, 'utf8')).toBe(before);
});

test('a change made while a save runs is in the next one', async () => {
  const topics = await load();
  topics.set('A', 1);
  const first = topics.save();
  await new Promise((resolve) => setImmediate(resolve));
  topics.set('B', 1);
  await topics.save();
  await first;
  expect((await load()).all().map(({ name }) => name)).toEqual(['A', 'B']);
});

test('a save of nothing new touches no file', async () => {
  const topics = await load();
  topics.set('T', 1);
  await topics.save();
  const { ino } = statSync(path);
  await topics.save();
  expect(topics.delete('Unknown')).toBe(false);
  await topics.save();
  expect(statSync(path).ino).toBe(ino);
});

test('a deleted topic is gone, and one of the same name starts afresh', async () => {
  place('topics.json', foreign);
  const topics = await load();
  expect(topics.delete('Shrinking')).toBe(true);
  expect(topics.get('Shrinking')).toBeUndefined();
  topics.set('Shrinking', 2);
  await topics.save();
  expect((await load()).get('Shrinking')).toMatchObject({ queues: 2, attributes: new Map() });
});

test.each([
  ['missing', undefined],
  ['empty', ''],
  ['blank', '\0\n'],
  ['cut short', foreign.slice(0, 200)],
  ['not an object', '[]'],
  ['a table that is none', '{"topicConfigTable":[]}'],
  ['a topic that is none', '{"topicConfigTable":{"T":5}}'],
  ['queues that are no number', '{"topicConfigTable":{"T":{"readQueueNums":"8"}}}'],
  ['queues below zero', '{"topicConfigTable":{"T":{"writeQueueNums":-1}}}'],
])('when the file is %s, .bak steps in, and the next save makes the file again', async (_, text) => {
  place('topics.json.bak', foreign);
  if (text !== undefined) place('topics.json', text);
  const topics = await load();
  expect(topics.source).toBe('backup');
  expect(topics.all()).toHaveLength(3);
  if (text !== undefined) expect(readFileSync(path, 'utf8')).toBe(text);
  await topics.save();
  expect((await load()).source).toBe('file');
  expect(readFileSync(path, 'utf8')).toBe(foreign);
  expect(readFileSync(`${path}.bak`, 'utf8')).toBe(foreign);
});

test.each([
  ['', undefined],
  ['{', ''],
  ['{', '['],
])('when neither is good (%j, %j) loading is CORRUPTION with the path, and nothing is touched', async (file, backup) => {
  place('topics.json', file);
  if (backup !== undefined) place('topics.json.bak', backup);
  const error = await rejectionOf(load());
  expect(error.code).toBe('CORRUPTION');
  expect(error.details.path).toBe(path);
  expect(error.message).toContain(path);
  expect(readFileSync(path, 'utf8')).toBe(file);
});

test('a file without a table has no topics and keeps what it has', async () => {
  place('topics.json', '{"other":1}');
  const topics = await load();
  expect(topics.all()).toEqual([]);
  topics.set('T', 1);
  await topics.save();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ other: 1, topicConfigTable: { T: { perm: 6 } } });
});

test('what cannot be read is IO_ERROR with the path', async () => {
  mkdirSync(path, { recursive: true });
  const error = await rejectionOf(load());
  expect(error).toMatchObject({ code: 'IO_ERROR', details: { path, errno: 'EISDIR' } });
});

test('a save that fails leaves the old file and no litter, and the next save writes the change', async () => {
  const topics = await load();
  topics.set('A', 1);
  await topics.save();
  const before = readFileSync(path, 'utf8');
  // A folder where .bak belongs cannot be replaced by a file.
  mkdirSync(`${path}.bak`);
  topics.set('B', 1);
  const error = await rejectionOf(topics.save());
  expect(error).toMatchObject({ code: 'IO_ERROR', details: { path } });
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(readdirSync(join(root, 'millrace', 'tmp'))).toEqual([]);
  rmSync(`${path}.bak`, { recursive: true });
  await topics.save();
  expect((await load()).all().map(({ name }) => name)).toEqual(['A', 'B']);
});

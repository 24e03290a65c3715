/** The examples do what they say: compiled as a reader would, and run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildExamples, type ExampleBuild } from './examplebuild.js';
import { openStore, storeFolder } from './storefolder.js';

let built: ExampleBuild;
beforeAll(() => {
  built = buildExamples();
  return () => built.remove();
}, 60_000);

interface Running {
  readonly child: ChildProcess;
  output: string;
}

function start(example: string, args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(built.folder, `${example}.js`), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const running = { child, output: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    running.output += text;
  });
  return running;
}

async function finished({ child }: Running): Promise<unknown> {
  const [code] = await once(child, 'close');
  return code;
}

async function said(running: Running, text: string): Promise<void> {
  while (!running.output.includes(text)) await once(running.child.stdout as NodeJS.ReadableStream, 'data');
}

test('plain opens, appends, reads and closes', async () => {
  const directory = storeFolder();
  const first = start('plain', [directory]);
  expect(await finished(first)).toBe(0);
  expect(first.output).toContain('offset 0, durable\n');
  expect(first.output).toContain('bill 0: coffee 3.20\nbill 1: cake 4.50\nread on at 2\n');
  expect(first.output.match(/^order \d\/\d: \w/gm)).toHaveLength(4);
  const second = start('plain', [directory]);
  expect(await finished(second)).toBe(0);
  expect(second.output.match(/^order \d\/\d: \w/gm)).toHaveLength(8);
});

test('tail prints what is there and what comes, and says where it would go on when it is interrupted', async () => {
  const directory = storeFolder();
  const store = await openStore(directory);
  await store.append({ topic: 'T', body: 'first' });
  const tail = start('tail', [directory, 'T']);
  await said(tail, '0/0 first\n');
  await store.append({ topic: 'T', body: 'second' });
  await said(tail, '0/1 second\n');
  tail.child.kill('SIGINT');
  expect(await finished(tail)).toBe(0);
  expect(tail.output).toMatch(/queue 0 goes on at 2\n$/);
  const whole = start('tail', [directory, 'T', '--end', '--queue', '0']);
  expect(await finished(whole)).toBe(0);
  expect(whole.output.split('\n').map((line) => line.split(' ').slice(1).join(' '))).toEqual([
    '0/0 first',
    '0/1 second',
    '0 goes on at 2',
    '',
  ]);
});

test('workers lets several threads read what one appends, and what was there before', async () => {
  const directory = storeFolder();
  const first = start('workers', [directory, '--readers', '3', '--messages', '2000']);
  expect(await finished(first)).toBe(0);
  expect(first.output.split('\n').sort()).toEqual([
    '',
    '2000 appended',
    ...[0, 1, 2].map((reader) => `reader ${reader}: 2000 messages in order, ${bytesOf(2000)} bytes`),
  ]);
  const second = start('workers', [directory, '--readers', '1', '--messages', '10']);
  expect(await finished(second)).toBe(0);
  expect(second.output).toContain(`reader 0: 2010 messages in order, ${bytesOf(2000) + bytesOf(10)} bytes\n`);
});

function bytesOf(readings: number): number {
  return Array.from({ length: readings }, (_, n) => `reading ${n}`.length).reduce((sum, length) => sum + length, 0);
}

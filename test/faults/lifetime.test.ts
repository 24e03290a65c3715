/** What a store does to its process: keeps it alive exactly while somebody waits, costs nothing while idle, rejects nothing unheard. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openStore, storeFolder } from '../storefolder.js';

interface Ended {
  code: number | null;
  signal: string | null;
  output: string;
  errors: string;
}

/** Runs a function of children/lifetime.mjs in a process that dies of any rejection that nobody hears. */
async function run(scenario: string, directory: string): Promise<Ended> {
  const script = fileURLToPath(new URL('children/lifetime.mjs', import.meta.url));
  const child = spawn(process.execPath, ['--unhandled-rejections=strict', script, scenario, directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  const [output, errors, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, signal, output, errors };
}

const well = { code: 0, signal: null, errors: '' };

test('a process with an idle open store ends by itself, and loses nothing', async () => {
  const directory = storeFolder();
  expect(await run('leaveOpen', directory)).toEqual({ ...well, output: 'acknowledged 10\n' });
  const store = await openStore(directory);
  expect(store.recovery).toMatchObject({ cleanShutdown: false, newlyLost: [] });
  expect(store.queue('T', 0).maxOffset).toBe(10);
});

test('a process ends by itself with a read-only store open', async () => {
  const directory = storeFolder();
  await (await openStore(directory)).append({ topic: 'T', body: 'x' });
  expect(await run('leaveReaderOpen', directory)).toEqual({ ...well, output: 'read 1\n' });
});

test('a pending append keeps the process alive until it is acknowledged', async () => {
  expect(await run('leavePending', storeFolder())).toEqual({ ...well, output: 'acknowledged 1000\n' });
});

test('pending flushes, waits, topics, reads and closes keep the process alive too', async () => {
  const { output, ...rest } = await run('leaveWaiting', storeFolder());
  expect(rest).toEqual(well);
  expect(output.split('\n').sort().filter(Boolean)).toEqual(['closed', 'deleted', 'durable', 'flushed', 'made', 'opened', 'read']);
});

test('a subscription keeps the process alive while its next message is waited for', async () => {
  const directory = storeFolder();
  const store = await openStore(directory);
  await store.append({ topic: 'T', body: 'x' });
  const script = fileURLToPath(new URL('children/lifetime.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, 'leaveFollowing', directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for (let n = 1; n < 4; n++) {
    while (!said.includes(`yielded ${n - 1}\n`)) await once(child.stdout, 'data');
    await store.append({ topic: 'T', body: 'x' });
  }
  while (!said.includes('yielded 3\n')) await once(child.stdout, 'data');
  expect(child.exitCode).toBeNull();
});

test('a subscription that nobody asks for its next message keeps no process alive', async () => {
  expect(await run('leaveSubscribed', storeFolder())).toEqual({ ...well, output: 'yielded 0\nwaited false\n' });
});

test('an open store that nobody uses costs no processor time', async () => {
  const { output, ...rest } = await run('idle', storeFolder());
  expect(rest).toEqual(well);
  // Milliseconds a second. A thread that polls every millisecond takes ten times that.
  expect(Number(output)).toBeLessThan(15);
});

test('rejections that were heard once are not told to the process again', async () => {
  const { output, ...rest } = await run('reject', storeFolder());
  expect(rest).toEqual(well);
  expect(JSON.parse(output)).toEqual({
    ABORTED: 5,
    BUSY: 3,
    FLUSH_TIMEOUT: 2,
    INVALID_ARGUMENT: 3,
    LOCKED: 1,
    MESSAGE_TOO_LARGE: 1,
    NOT_OPEN: 4,
  });
});

test('work in the background that fails is told, by a warning when nobody asked for it, and ends nothing', async () => {
  const told = await run('failInBackground', storeFolder());
  expect(told).toMatchObject({ code: 0, signal: null, output: 'IO_ERROR 1\nacknowledged 1\nclosed with IO_ERROR\n' });
  expect(told.errors).toBe('');
  const warned = await run('failUnasked', storeFolder());
  expect(warned).toMatchObject({ code: 0, signal: null, output: 'acknowledged 1\nclosed with IO_ERROR\n' });
  expect(warned.errors).toMatch(/StoreError: Cannot save a config file/);
});

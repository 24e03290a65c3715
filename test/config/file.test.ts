/** Replacing a config file: the order of writes, syncs and renames, which is what a crash leaves behind. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const { calls, failAt } = vi.hoisted(() => ({ calls: [] as string[], failAt: { call: '' } }));

/** The real file system, with every call noted first and, when told so, failing. */
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const note = (call: string): void => {
    calls.push(call);
    if (call === failAt.call) throw Object.assign(new Error(`ENOSPC: ${call}`), { code: 'ENOSPC' });
  };
  const short = (path: string): string => path.split('/').slice(-2).join('/');
  return {
    ...real,
    async open(path: string, flags: string) {
      const file = await real.open(path, flags);
      const name = short(path);
      return {
        async writeFile(text: string) {
          note(`write ${name}`);
          await file.writeFile(text);
        },
        async sync() {
          note(`sync ${name}`);
          await file.sync();
        },
        close: () => file.close(),
      };
    },
    async rename(from: string, to: string) {
      note(`rename ${short(from)} to ${short(to)}`);
      await real.rename(from, to);
    },
  };
});

const { loadConfig, replaceConfig } = await import('../../ts/config/file.js');

let root: string;
let path: string;
let temporaryFolder: string;
const order = (): string[] => [
  'write tmp/topics.json.bak',
  'sync tmp/topics.json.bak',
  'rename tmp/topics.json.bak to config/topics.json.bak',
  `sync ${path.split('/').at(-3)}/config`,
  'write tmp/topics.json',
  'sync tmp/topics.json',
  'rename tmp/topics.json to config/topics.json',
  `sync ${path.split('/').at(-3)}/config`,
];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'millrace-config-'));
  path = join(root, 'config', 'topics.json');
  temporaryFolder = join(root, 'tmp');
  failAt.call = '';
  await replaceConfig(path, temporaryFolder, 'one', undefined);
  await replaceConfig(path, temporaryFolder, 'two', 'one');
  calls.length = 0;
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test('each file is synced before it is renamed in, and the directory after', async () => {
  await replaceConfig(path, temporaryFolder, 'three', 'two');
  expect(calls).toEqual(order());
  expect([readFileSync(path, 'utf8'), readFileSync(`${path}.bak`, 'utf8')]).toEqual(['three', 'two']);
});

test('whichever step fails, a whole file remains, and the error says that the disk is full', async () => {
  for (const step of order()) {
    failAt.call = step;
    await expect(replaceConfig(path, temporaryFolder, 'three', 'two')).rejects.toMatchObject({
      code: 'DISK_FULL',
      details: { path },
    });
    const loaded = await loadConfig(path, (text) => text);
    expect(loaded).toMatchObject({ source: 'file' });
    expect(['two', 'three']).toContain(loaded?.value);
  }
});

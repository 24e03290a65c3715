/** IO_ERROR: a file system that cannot be written refuses to open a store, and lets one look. */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MessageStore } from '../../dist/index.js';
import { mayMount, smallFileSystem } from './mounts.js';

test.skipIf(!mayMount)('a store on a file system mounted read-only opens with readOnly and not without', async () => {
  const disk = smallFileSystem('tmpfs', 8);
  const directory = join(disk, 'store');
  const writer = await MessageStore.open(directory, { commitLog: { fileBytes: 65536 } });
  await writer.append({ topic: 'T', body: 'x' });
  await writer.close();
  expect(spawnSync('mount', ['-o', 'remount,ro', disk]).status).toBe(0);

  for (const path of [directory, join(disk, 'new')]) {
    const error = await MessageStore.open(path).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: 'IO_ERROR', stored: 'no', retriable: false, details: { errno: 'EROFS' } });
    expect((error as Error).message).toContain(path);
  }
  const reader = await MessageStore.open(directory, { readOnly: true });
  expect((await reader.read('T', 0, 0)).messages[0]?.body.toString()).toBe('x');
  await reader.close();
});

test.skipIf(!mayMount)('a directory that the user may not write is IO_ERROR with the path', () => {
  const disk = smallFileSystem('tmpfs', 8);
  chmodSync(disk, 0o555);
  const directory = join(disk, 'store');
  const index = new URL('../../dist/index.js', import.meta.url).href;
  const script = `
    process.setgid(65534);
    process.setuid(65534);
    const { code, details } = await MessageStore.open(${JSON.stringify(directory)}).catch((error) => error);
    process.stdout.write(JSON.stringify({ code, details }));`;
  const child = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { MessageStore } from ${JSON.stringify(index)};${script}`,
  ]);
  expect(JSON.parse(String(child.stdout))).toEqual({ code: 'IO_ERROR', details: { path: directory, errno: 'EACCES' } });
});

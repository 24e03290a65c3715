/** TOO_MANY_FILES: a process without descriptors is told so, loses nothing, and goes on once there are some. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { storeFolder } from '../storefolder.js';

test('without descriptors appends that need a file are refused, and go on when there are some again', () => {
  const script = fileURLToPath(new URL('children/descriptors.mjs', import.meta.url));
  const command = `ulimit -n 80 && exec "${process.execPath}" --unhandled-rejections=strict "${script}" "${storeFolder()}"`;
  const child = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 30_000 });
  expect({ status: child.status, signal: child.signal, errors: child.stderr }).toEqual({ status: 0, signal: null, errors: '' });
  const result = JSON.parse(child.stdout);
  const refused = { code: 'TOO_MANY_FILES', stored: 'no', retriable: false, details: { errno: 'EMFILE' } };
  expect(result.roll).toMatchObject(refused);
  expect(result.roll.message).toContain('commitlog');
  expect(result.again).toMatchObject(refused);
  expect(result.open).toMatchObject(refused);
  expect(result.topic).toMatchObject(refused);
  expect(result.told.filter((code: string) => code !== 'TOO_MANY_FILES')).toEqual([]);
  expect(result).toMatchObject({
    status: 'open',
    statusLater: 'open',
    after: true,
    topicAfter: 'U',
    openAfter: { value: 'done' },
    readAll: true,
    close: { value: 'done' },
    next: { clean: true, all: true },
  });
});

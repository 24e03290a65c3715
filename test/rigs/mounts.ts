/** Small file systems that a test can fill. They need root; where everything has to run, not being root fails the test. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Whether file systems can be mounted here, or must be. */
export const mayMount: boolean = process.env.CI !== undefined || process.getuid?.() === 0;

/** Runs a command of the system, and fails when it does. */
export function run(command: string, ...args: string[]): string {
  const { status, stderr, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/sbin:/usr/sbin` },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** Mounts a file system of so many MiB; gone when the test ends. */
export function smallFileSystem(kind: 'tmpfs' | 'ext4', mebibytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mount-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const point = join(folder, 'disk');
  run('mkdir', point);
  if (kind === 'tmpfs') {
    run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'millrace', point);
  } else {
    const image = join(folder, 'image');
    run('truncate', '-s', `${mebibytes}M`, image);
    run('mkfs.ext4', '-q', '-m', '0', image);
    run('mount', '-o', 'loop', image, point);
  }
  onTestFinished(() => void run('umount', point));
  return point;
}

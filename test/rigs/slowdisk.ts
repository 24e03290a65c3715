/**
 * A disk whose reads take a chosen time each: ext4 on a loop device on shim/slowdisk.c, which is what device-mapper's `delay` would be where the kernel
 * has it. Whoever waits for the device waits that long, whatever it fetches: a page of a file, a directory, the map of a file's blocks.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mayMount, run } from './mounts.js';
import { hasCompiler } from './shim/process.js';

/** Whether slow disks can be made here; not every kernel has FUSE. */
export const maySlowDown: boolean = mayMount && hasCompiler && existsSync('/dev/fuse');

export class SlowDisk {
  readonly #folder: string;
  readonly #server: ChildProcess;
  #device = '';

  private constructor(folder: string, server: ChildProcess) {
    this.#folder = folder;
    this.#server = server;
  }

  /** Mounted, empty and fast; stays until `remove`. */
  static async make(mebibytes: number): Promise<SlowDisk> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-slow-'));
    const path = (name: string): string => join(folder, name);
    const source = fileURLToPath(new URL('shim/slowdisk.c', import.meta.url));
    const built = spawnSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', path('slowdisk'), source, '-lpthread']);
    if (built.status !== 0) throw new Error(`cc failed: ${built.stderr}`);
    writeFileSync(path('image'), '');
    truncateSync(path('image'), mebibytes * 1024 * 1024);
    writeFileSync(path('shown'), '');
    writeFileSync(path('control'), Buffer.alloc(4096));
    mkdirSync(path('disk'));
    const server = spawn(path('slowdisk'), [path('image'), path('shown'), path('control')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(server.stdout, 'data');
    const disk = new SlowDisk(folder, server);
    disk.#device = run('losetup', '--direct-io=on', '-f', '--show', path('shown')).trim();
    // Few inodes to a block and no reading ahead of them: opening a file that was not open before is a read of its own. Without extents
    // so is finding the blocks of a file, as it is where a file of a large disk has become fragmented.
    const sharp = ['-b', '4096', '-I', '4096', '-N', '8192', '-O', '^extent,^64bit,^metadata_csum'];
    run('mkfs.ext4', '-q', '-m', '0', ...sharp, disk.#device);
    disk.#mount();
    return disk;
  }

  /** Where it is mounted. */
  get path(): string {
    return join(this.#folder, 'disk');
  }

  /** A file whose first four bytes are the milliseconds that each read takes, from now on. */
  get control(): string {
    return join(this.#folder, 'control');
  }

  /** How many times anything was fetched. */
  get reads(): number {
    return readFileSync(this.control).readInt32LE(4);
  }

  /** Nothing of it is in memory any more. */
  forget(): void {
    run('umount', this.path);
    this.#mount();
  }

  #mount(): void {
    run('mount', '-o', 'inode_readahead_blks=1', this.#device, this.path);
  }

  remove(): void {
    // In place: the file is mapped.
    writeFileSync(this.control, Buffer.alloc(4), { flag: 'r+' });
    run('umount', this.path);
    run('losetup', '-d', this.#device);
    run('umount', join(this.#folder, 'shown'));
    this.#server.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

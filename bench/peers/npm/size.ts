/** Blocks that the files of a folder hold, folders in it included: what they take of the disk, whatever their length says. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export async function bytesOnDisk(directory: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) total += await bytesOnDisk(path);
    else total += (await stat(path)).blocks * 512;
  }
  return total;
}

/** Rot: one bit of a closed store's log that changes on disk. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Changes one bit at a position of the log, whose files have `fileBytes`. */
export function flipBit(directory: string, fileBytes: number, position: number): void {
  const start = position - (position % fileBytes);
  const file = openSync(join(directory, 'commitlog', String(start).padStart(20, '0')), 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position - start);
  writeSync(file, Buffer.of((byte[0] as number) ^ 0x40), 0, 1, position - start);
  closeSync(file);
}

/** Sets what shim/faults.c does to the process that calls this. The numbers of the calls are those of its enum. */
import { readFileSync, writeFileSync } from 'node:fs';

const path = process.env.MILLRACE_FAULTS;
const calls = ['fdatasync', 'fsync', 'syncfs', 'pwrite', 'pwritev2', 'fallocate'];

/** From now on: `{ fdatasync: { error: 5, delayMs: 100 } }` for files whose path contains `only`; what is not named goes well. */
export function setFaults(faults, only = '') {
  const bytes = readFileSync(path);
  calls.forEach((call, index) => {
    bytes.writeInt32LE(faults[call]?.error ?? 0, index * 12);
    bytes.writeInt32LE(faults[call]?.delayMs ?? 0, index * 12 + 4);
  });
  bytes.fill(0, 128, 256);
  bytes.write(only, 128, 'latin1');
  // Written in place: the file is mapped.
  writeFileSync(path, bytes, { flag: 'r+' });
}

/** How often a call met a matching file. */
export function callsOf(call) {
  return readFileSync(path).readInt32LE(calls.indexOf(call) * 12 + 8);
}

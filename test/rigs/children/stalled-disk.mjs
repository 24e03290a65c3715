/**
 * One GiB appended without waiting, on a disk that takes its time: `node stalled-disk.mjs <directory> <sync|async> <pwrite|mapped>`. Prints as JSON how many
 * appends were taken and refused, and the most memory that the process ever had.
 */
import { MessageStore } from '../../../dist/index.js';
import { setFaults } from '../shim/control.mjs';

const [directory, mode, writeMode] = process.argv.slice(2);
const mebibyte = 1024 * 1024;
const maxPendingBytes = 16 * mebibyte;
const store = await MessageStore.open(directory, {
  flush: mode,
  maxPendingBytes,
  commitLog: { writeMode, fileBytes: 128 * mebibyte },
});
const body = Buffer.alloc(64 * 1024, 7);
await store.append({ topic: 'T', body });
// Stores through the mapping make no call: what can stall there is the sync.
setFaults({ pwrite: { delayMs: 100 }, fdatasync: { delayMs: 100 } }, 'commitlog');

const before = process.memoryUsage().rss;
const result = { attempts: 0, taken: 0, refused: 0, wrong: [], mostPending: 0, mostMemory: 0 };
const hear = {
  taken: () => result.taken++,
  refused: ({ code, stored, retriable }) => {
    if (code === 'BUSY' && stored === 'no' && retriable) result.refused++;
    else result.wrong.push({ code, stored, retriable });
  },
};
const heard = new Set();
while (result.attempts * body.length < 1024 * mebibyte) {
  for (let n = 0; n < 256; n++) {
    result.attempts++;
    const outcome = store.append({ topic: 'T', body }).then(hear.taken, hear.refused);
    heard.add(outcome);
    void outcome.finally(() => heard.delete(outcome));
    result.mostPending = Math.max(result.mostPending, store.pendingBytes);
  }
  result.mostMemory = Math.max(result.mostMemory, process.memoryUsage().rss);
  await new Promise((resolve) => setImmediate(resolve));
}
await Promise.all(heard);
result.mostMemory = Math.max(result.mostMemory, process.memoryUsage().rss) - before;
setFaults({});
await store.drained();
const { offset } = await store.append({ topic: 'T', body });
result.offset = offset;
result.maxPendingBytes = maxPendingBytes;
await store.close();
process.stdout.write(JSON.stringify(result));

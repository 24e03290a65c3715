/**
 * classic-level: LevelDB, a log-structured merge tree. A message is an entry under 12 bytes, queue and sequence in order; its key is
 * another entry, key and those bytes, as one makes an index in such a store.
 *
 * `put` and `batch` run on Node's pool of threads, where LevelDB joins writes that wait for each other. The memory table is 64 MiB, which
 * its documentation recommends for loads, and compression is off: bodies of random bytes cannot be compressed. Sync: `sync: true`.
 */
import { ClassicLevel } from 'classic-level';
import type { Feed, Kind, PeerStore, Setup } from './store.js';
import { versionOf } from './version.js';

const keyBytes = 12;
const page = 1000;
const pageBytes = 4 * 2 ** 20;

export const level: Kind = {
  peer: 'classic-level',
  version: versionOf('classic-level'),
  configuration:
    'binary keys of queue and sequence, writeBufferSize 64 MiB, no compression; put in lanes, or batches in array form; sync: with ' +
    'sync: true; keys: a second entry in the same batch; read: nextv of 1,000 entries, 4 MiB at most',
  refuses: () => undefined,
  open: makeStore,
};

type Entry = { type: 'put'; key: Buffer; value: Buffer };

async function makeStore(setup: Setup): Promise<PeerStore> {
  const db = new ClassicLevel<Buffer, Buffer>(setup.directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false,
    writeBufferSize: 64 * 2 ** 20,
  });
  await db.open();
  const options = { sync: setup.durability === 'sync' };
  const nothing = Buffer.alloc(0);
  const keyEntry = (id: Buffer, key: string): Entry => ({
    type: 'put',
    key: Buffer.concat([Buffer.from(`k${key}`), id]),
    value: nothing,
  });
  return {
    each: {
      kind: 'call',
      put: (feed) => {
        const id = idOf(Buffer.allocUnsafe(keyBytes), feed);
        if (!setup.hasKeys) return db.put(id, feed.body, options);
        return db.batch([{ type: 'put', key: id, value: feed.body }, keyEntry(id, feed.key)], options);
      },
    },
    bestBatch: 1,
    batch: (feed, count) => {
      const ids = Buffer.allocUnsafe(count * keyBytes);
      const entries: Entry[] = [];
      for (let i = 0; i < count; i++) {
        feed.advance();
        const id = idOf(ids.subarray(i * keyBytes, (i + 1) * keyBytes), feed);
        entries.push({ type: 'put', key: id, value: feed.body });
        if (setup.hasKeys) entries.push(keyEntry(id, feed.key));
      }
      return db.batch(entries, options);
    },
    tellsSize: true,
    read: async (take) => {
      const iterator = db.values({ lt: idOf(Buffer.alloc(keyBytes), { queue: 1, sequence: 0 }), highWaterMarkBytes: pageBytes });
      try {
        for (;;) {
          const bodies = await iterator.nextv(page);
          if (bodies.length === 0) return;
          for (const body of bodies) {
            if (!take(body)) return;
          }
        }
      } finally {
        await iterator.close();
      }
    },
    count: async () => {
      const end = idOf(Buffer.alloc(keyBytes), { queue: 1, sequence: 0 });
      const [last] = await db.keys({ lt: end, reverse: true, limit: 1 }).all();
      return last === undefined ? 0 : last.readUIntBE(6, 6) + 1;
    },
    close: () => db.close(),
  };
}

/** Big-endian, so that entries of a queue follow each other in order. */
function idOf(id: Buffer, { queue, sequence }: Pick<Feed, 'queue' | 'sequence'>): Buffer {
  id.writeUInt32BE(queue, 0);
  id.writeUInt16BE(0, 4);
  id.writeUIntBE(sequence, 6, 6);
  return id;
}

/**
 * lmdb-js: a B-tree in a mapped file. A message is an entry under the number made of its queue and sequence, the body as it is; its key
 * is an entry of a second database, of which a key has many.
 *
 * Calls (`put`) are gathered by the package and committed by its own thread, as its documentation recommends; a batch is a
 * `transactionSync` of `putSync`. Entries of a single queue come in order and are appended (`append`), which fills pages. Two kinds:
 * `lmdb` keeps what it promises: async with its default, `overlappingSync`, which syncs every commit behind its acknowledgement; sync
 * without it, for an acknowledged commit would not be on the device yet. `lmdb-nosync` never syncs: after a crash of the machine the
 * file may be damaged, which no other peer risks; it shows what the same code does when no disk is waited for.
 */
import { type Database, open, type RootDatabase } from 'lmdb';
import type { Feed, Kind, PeerStore, Setup } from './store.js';
import { versionOf } from './version.js';

/** Numbers of one queue; the highest queue that stays exact is 2^17. */
const queueStride = 2 ** 36;
const used = 'binary values under numbers, noMemInit; each: put; batch: transactionSync of putSync, 1,000 where so many may wait';
const version = versionOf('lmdb');

export const lmdb: Kind = {
  peer: 'lmdb',
  version,
  configuration: `${used}; async: overlappingSync (its default); sync: overlappingSync off; keys: a second database with dupSort; read: getRange`,
  refuses: ({ queues }) => (queues > 2 ** 17 ? 'more queues than its numbers hold exactly' : undefined),
  open: async (setup) => makeStore(setup, false),
};

export const lmdbWithoutSync: Kind = {
  peer: 'lmdb-nosync',
  version,
  configuration: `${used}; noSync: a crash of the machine may damage the file; the rest as lmdb`,
  refuses: (order) => (order.durability === 'sync' ? 'it never syncs' : lmdb.refuses(order)),
  open: async (setup) => makeStore(setup, true),
};

function makeStore(setup: Setup, noSync: boolean): PeerStore {
  const root: RootDatabase<Buffer, number> = open({
    path: setup.directory,
    encoding: 'binary',
    noMemInit: true,
    noSync,
    overlappingSync: setup.durability === 'async' && !noSync,
    maxDbs: 2,
  });
  // With keys both are databases of their own: their names are entries of the root, behind which nothing can be appended.
  const byId: Database<Buffer, number> = setup.hasKeys ? root.openDB({ name: 'messages', encoding: 'binary' }) : root;
  const byKey: Database<number, string> | undefined = setup.hasKeys
    ? root.openDB({ name: 'keys', dupSort: true, encoding: 'ordered-binary' })
    : undefined;
  const inOrder = { append: setup.queues === 1 };
  let wanted = 0;
  let from: Feed | undefined;
  const putAll = (): void => {
    const feed = from as Feed;
    for (let i = 0; i < wanted; i++) {
      feed.advance();
      const id = feed.queue * queueStride + feed.sequence;
      byId.putSync(id, feed.body, inOrder);
      byKey?.putSync(feed.key, id);
    }
  };
  return {
    each: {
      kind: 'call',
      put: (feed) => {
        const id = feed.queue * queueStride + feed.sequence;
        const done = (byId.put as PutWithOptions).call(byId, id, feed.body, inOrder);
        // In the same transaction: both are of one turn of the event loop.
        return byKey === undefined ? done : Promise.all([done, byKey.put(feed.key, id)]);
      },
    },
    bestBatch: 1000,
    batch: (feed, count) => {
      from = feed;
      wanted = count;
      root.transactionSync(putAll);
      return undefined;
    },
    tellsSize: true,
    read: async (take) => {
      for (const { value } of byId.getRange({ start: 0, end: queueStride })) {
        if (!take(value)) return;
      }
    },
    count: async () => {
      for (const key of byId.getKeys({ start: queueStride - 1, end: 0, reverse: true, limit: 1 })) return key + 1;
      return 0;
    },
    close: () => root.close(),
  };
}

/** Documented, and not in the package's types. */
type PutWithOptions = (id: number, value: Buffer, options: { readonly append: boolean }) => Promise<boolean>;

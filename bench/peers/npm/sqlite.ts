/**
 * better-sqlite3: SQLite in the process, called synchronously. A message is a row whose rowid is made of queue and sequence, so that
 * rows are appended at the end of the table's B-tree; its key is a column with an index.
 *
 * Prepared statements, a write-ahead log, many rows a transaction, as its documentation says. Async: `synchronous = NORMAL`, which syncs
 * at checkpoints only. Sync: `FULL`, which syncs the log at each commit.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Feed, Kind, PeerStore, Setup } from './store.js';
import { versionOf } from './version.js';

const queueStride = 2 ** 36;
const page = 256;

export const sqlite: Kind = {
  peer: 'better-sqlite3',
  version: versionOf('better-sqlite3'),
  configuration:
    'WAL, rowid of queue and sequence, prepared INSERT; async: synchronous NORMAL, a transaction for all that wait, 1,000 in batches; ' +
    'sync: FULL, a transaction for all that wait; keys: an indexed column; read: SELECT of 256 bodies at a time, plucked',
  refuses: ({ queues }) => (queues > 2 ** 17 ? 'more queues than its rowids hold exactly' : undefined),
  open: async (setup) => makeStore(setup),
};

function makeStore(setup: Setup): PeerStore {
  const db = new Database(join(setup.directory, 'messages.db'));
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${setup.durability === 'async' ? 'NORMAL' : 'FULL'}`);
  const columns = setup.hasKeys
    ? 'id INTEGER PRIMARY KEY, key TEXT NOT NULL, body BLOB NOT NULL'
    : 'id INTEGER PRIMARY KEY, body BLOB NOT NULL';
  db.exec(`CREATE TABLE IF NOT EXISTS message (${columns})`);
  if (setup.hasKeys) db.exec('CREATE INDEX IF NOT EXISTS by_key ON message (key)');
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const insert = db.prepare(setup.hasKeys ? 'INSERT INTO message VALUES (?, ?, ?)' : 'INSERT INTO message VALUES (?, ?)');
  const put = setup.hasKeys
    ? (feed: Feed): void => {
        insert.run(feed.queue * queueStride + feed.sequence, feed.key, feed.body);
      }
    : (feed: Feed): void => {
        insert.run(feed.queue * queueStride + feed.sequence, feed.body);
      };
  const select = db.prepare('SELECT body FROM message WHERE id >= ? AND id < ? ORDER BY id').pluck();
  const last = db.prepare(`SELECT max(id) FROM message WHERE id < ${queueStride}`).pluck();
  const count = (): number => Number(last.get() ?? -1) + 1;
  return {
    each: {
      kind: 'group',
      begin: () => {
        begin.run();
      },
      put,
      commit: () => {
        commit.run();
        return undefined;
      },
    },
    bestBatch: 1000,
    batch: (feed, size) => {
      begin.run();
      for (let i = 0; i < size; i++) {
        feed.advance();
        put(feed);
      }
      commit.run();
      return undefined;
    },
    tellsSize: true,
    read: async (take) => {
      for (let at = 0, end = count(); at < end; at += page) {
        for (const body of select.all(at, at + page) as Buffer[]) {
          if (!take(body)) return;
        }
      }
    },
    count: async () => count(),
    close: async () => {
      db.close();
    },
  };
}

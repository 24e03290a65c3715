/**
 * One npm peer in a process of its own: `node main.js lmdb`. Speaks peer.ts on standard input and output, one line each.
 *
 * Each kind is imported when it is asked for, so that a package that cannot be loaded is missing alone. Ends after `close`, or when
 * nobody is left to order; stores that an order left open are then closed by the first and left as they are by the second.
 */
import { createInterface } from 'node:readline';
import type { Order, Reply } from '../peer.js';
import { Orders, Unsupported } from './orders.js';
import type { Kind } from './store.js';

const kinds: Readonly<Record<string, () => Promise<Kind>>> = {
  'better-sqlite3': async () => (await import('./sqlite.js')).sqlite,
  'classic-level': async () => (await import('./level.js')).level,
  fs: async () => (await import('./files.js')).files,
  'fs-stream': async () => (await import('./stream.js')).stream,
  lmdb: async () => (await import('./lmdb.js')).lmdb,
  'lmdb-nosync': async () => (await import('./lmdb.js')).lmdbWithoutSync,
};

const name = process.argv[2] ?? '';
const make = kinds[name];
if (make === undefined) throw new Error(`no peer is called ${JSON.stringify(name)}: ${Object.keys(kinds).join(', ')}`);
// Only answers go to the parent, whatever a package prints.
console.log = console.error;
console.info = console.error;

const kind = await make();
const orders = new Orders(kind);
send({ peer: kind.peer, version: kind.version, configuration: kind.configuration });

for await (const line of createInterface({ input: process.stdin })) {
  if (line === '') continue;
  const reply = await answer(line);
  send(reply);
  if ('closed' in reply) break;
}
process.stdin.destroy();

async function answer(line: string): Promise<Reply> {
  try {
    return await orders.obey(JSON.parse(line) as Order);
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function send(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/**
 * The other stores that take part in a run: found and started once for all questions of it.
 *
 * What starts them is bench/peers/process.js, which may need what the project's own install does not bring (`npm ci --prefix bench`, a JDK).
 * Where it is not there, nobody takes part, and a note says so.
 */
import { existsSync } from 'node:fs';
import type { Probe } from './harness.js';
import type { FillOrder, Order } from './peers/peer.js';
import type { PeerNote } from './question.js';

/** What a question needs to know of one. */
export interface Contender {
  readonly name: string;
  /** Ends its process; the next order starts another. */
  close(): Promise<void>;
}

export interface Contenders {
  readonly peers: readonly Contender[];
  readonly notes: readonly PeerNote[];
  /** The order, given to the peer once a round. */
  probe(peer: Contender, name: string, title: string, order: Order): Probe;
  /** Fills a new store in one process, kills it or tells it to close, and opens what it left in another; openMillis. */
  reopenProbe(peer: Contender, name: string, title: string, fill: FillOrder, end: 'killed' | 'closed'): Probe;
}

/** The module's own names. */
interface Processes {
  findPeers(root: string): Promise<Pick<Contenders, 'peers' | 'notes'>>;
  peerProbe: Contenders['probe'];
  reopenPeerProbe: Contenders['reopenProbe'];
}

let found: Promise<Contenders> | undefined;

export function contenders(root: string): Promise<Contenders> {
  found ??= find(root, new URL('./peers/process.js', import.meta.url));
  return found;
}

export async function find(root: string, module: URL): Promise<Contenders> {
  if (!existsSync(module)) return nobody('bench/peers/process.js was not built');
  const { findPeers, peerProbe, reopenPeerProbe } = (await import(module.href)) as Processes;
  const { peers, notes } = await findPeers(root);
  return { peers, notes, probe: peerProbe, reopenProbe: reopenPeerProbe };
}

/** What the peers that were looked for say about themselves; nothing where no question wanted any. They may still add to it while they run. */
export async function notesSoFar(): Promise<readonly PeerNote[]> {
  return (await found)?.notes ?? [];
}

/** Ends those that were started; also those of which no probe ran. */
export async function closeContenders(): Promise<void> {
  const { peers } = (await found) ?? { peers: [] };
  await Promise.allSettled(peers.map((peer) => peer.close()));
}

function nobody(why: string): Contenders {
  const refuse = (): never => {
    throw new Error(`no peer takes part: ${why}`);
  };
  return {
    peers: [],
    notes: [{ name: 'peers', version: '', configuration: why, isMissing: true }],
    probe: refuse,
    reopenProbe: refuse,
  };
}

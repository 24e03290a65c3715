/**
 * Peers as the benchmark sees them: found and started, asked, and made into probes.
 *
 * A peer keeps its process from its first order to `close`, so that it is warm as our own cases are. One that dies, is late, or answers
 * an error is left out from then on, with its reason in its note; an order that it answers with `unsupported` gives no figures and a
 * remark in its note. Nothing stands in for a figure that is missing. Notes are read when the run is over: they grow until then.
 */
import { rm } from 'node:fs/promises';
import type { Sample } from '../figures.js';
import type { Probe } from '../harness.js';
import { anonymousBytes, programBytes } from '../memory.js';
import type { PeerNote } from '../question.js';
import { Channel } from './channel.js';
import type { FillOrder, Hello, Order, Reply } from './peer.js';
import { type PeerProgram, peerPrograms } from './programs.js';

const helloMillis = 60_000;
const closeMillis = 30_000;
const sampleEveryMillis = 50;

export interface Peer {
  readonly name: string;
  /** Why it takes no part any more. */
  readonly leftOut: string | undefined;
  hello(): Promise<Hello>;
  /** Rejects when it dies, is late or answers an error; then the process is gone, and the next order starts another. */
  ask(order: Order): Promise<Sample | { unsupported: string }>;
  leaveOut(reason: string): void;
  /** What a reader of the figures has to know; said once however often it is remarked. */
  remark(text: string): void;
  /** The same store in another process, which shares what is known of the peer. */
  another(): Peer;
  kill(): Promise<void>;
  close(): Promise<void>;
}

export async function findPeers(root: string): Promise<{ peers: Peer[]; notes: PeerNote[] }> {
  return startPeers(await peerPrograms(root));
}

/** All at once; one that does not say hello is missing. */
export async function startPeers(programs: readonly PeerProgram[]): Promise<{ peers: Peer[]; notes: PeerNote[] }> {
  const all = await Promise.all(programs.map(startPeer));
  return { peers: all.flatMap(({ peer }) => peer ?? []), notes: all.map(({ note }) => note) };
}

async function startPeer({ name, command }: PeerProgram): Promise<{ peer?: Peer; note: PeerNote }> {
  const missing = (reason: string): { note: PeerNote } => ({
    note: { name, version: '', configuration: reason, isMissing: true },
  });
  if ('missing' in command) return missing(command.missing);
  const facts: Facts = { name, command, remarks: new Set(), leftOut: undefined };
  const peer = new PeerProcess(facts);
  try {
    const { version, configuration } = await peer.hello();
    const note: PeerNote = {
      name,
      version,
      isMissing: false,
      get configuration() {
        const left = facts.leftOut === undefined ? [] : [`left out: ${facts.leftOut}`];
        return [configuration, ...facts.remarks, ...left].join('; ');
      },
    };
    return { peer, note };
  } catch (error) {
    await peer.kill();
    return missing(messageOf(error));
  }
}

interface Facts {
  readonly name: string;
  readonly command: readonly string[];
  readonly remarks: Set<string>;
  leftOut: string | undefined;
}

class PeerProcess implements Peer {
  readonly #facts: Facts;
  #channel: Channel | undefined;
  #hello: Promise<Hello> | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  get name(): string {
    return this.#facts.name;
  }

  get leftOut(): string | undefined {
    return this.#facts.leftOut;
  }

  hello(): Promise<Hello> {
    this.#start();
    return this.#hello as Promise<Hello>;
  }

  async ask(order: Order): Promise<Sample | { unsupported: string }> {
    const channel = this.#start();
    await this.#hello;
    let peak = 0;
    const look = (): void => {
      peak = Math.max(peak, anonymousBytes(channel.pid));
    };
    const timer = setInterval(look, sampleEveryMillis);
    try {
      const reply = await channel.ask(order, limitMillis(order));
      look();
      const sample = sampleOf(reply);
      if ('unsupported' in sample) return sample as { unsupported: string };
      const directory = 'directory' in order ? order.directory : '';
      const memoryMiB = (peak + programBytes(channel.pid, directory)) / 2 ** 20;
      return peak === 0 ? sample : { ...sample, memoryMiB };
    } catch (error) {
      await channel.kill();
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  leaveOut(reason: string): void {
    this.#facts.leftOut ??= reason;
  }

  remark(text: string): void {
    this.#facts.remarks.add(text);
  }

  another(): Peer {
    return new PeerProcess(this.#facts);
  }

  async kill(): Promise<void> {
    await this.#channel?.kill();
  }

  /** Each of the probes that share it closes it; all wait for the one end. */
  close(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) return this.#closing;
    this.#channel = undefined;
    this.#closing = channel.close(closeMillis).catch((error: unknown) => this.remark(`did not close: ${messageOf(error)}`));
    return this.#closing;
  }

  #start(): Channel {
    if (this.#channel === undefined || this.#channel.hasEnded) {
      this.#channel = new Channel(this.#facts.command);
      this.#hello = this.#channel.hello(helloMillis);
      this.#hello.catch(() => {});
    }
    return this.#channel;
  }
}

/** Generous: it is there for peers that hang. */
function limitMillis(order: Order): number {
  const leastBytesPerSecond = 5 * 2 ** 20;
  if (order.order === 'append') return 60_000 + 20 * order.millis + (order.mostBytes / leastBytesPerSecond) * 1000;
  if (order.order === 'read') return 60_000 + 5 * order.millis + (order.bytes / leastBytesPerSecond) * 1000;
  if (order.order === 'fill') return 60_000 + (order.bytes / leastBytesPerSecond) * 1000;
  return 120_000;
}

function sampleOf(reply: Reply): Sample | { unsupported: string } {
  if ('unsupported' in reply) return { unsupported: reply.unsupported };
  if ('error' in reply) throw new Error(reply.error.split('\n').slice(0, 2).join(' '));
  const sample: Sample | undefined = 'sample' in reply ? reply.sample : undefined;
  const figures = Object.values(sample ?? {});
  if (sample === undefined || figures.length === 0 || !figures.every(Number.isFinite)) {
    throw new Error(`answered what is no sample: ${JSON.stringify(reply)}`);
  }
  return sample;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Each round one order. */
export function peerProbe(peer: Peer, name: string, title: string, order: Order): Probe {
  return probe(peer, name, title, () => peer.ask(order));
}

/** How the process that filled a store ends. */
export type FillerEnd = 'killed' | 'closed';

/** Each round fills a new store in one process, ends that, and opens what it left in a fresh one. Figures: those of `open`, openMillis. */
export function reopenPeerProbe(peer: Peer, name: string, title: string, fill: FillOrder, end: FillerEnd = 'killed'): Probe {
  return probe(peer, name, title, async () => {
    const filler = peer.another();
    const opener = peer.another();
    try {
      await rm(fill.directory, { recursive: true, force: true });
      const filled = await filler.ask(fill);
      if ('unsupported' in filled) return filled;
      await (end === 'killed' ? filler.kill() : filler.close());
      const opened = await opener.ask({ order: 'open', directory: fill.directory });
      if ('unsupported' in opened) return opened;
      return { ...opened, bodyBytes: (filled as Sample).bodyBytes ?? fill.bytes };
    } finally {
      await filler.kill();
      await opener.kill();
      await rm(fill.directory, { recursive: true, force: true });
    }
  });
}

function probe(peer: Peer, name: string, title: string, run: () => Promise<Sample | { unsupported: string }>): Probe {
  let isAble = true;
  return {
    name,
    title,
    run: async (): Promise<Sample> => {
      if (!isAble || peer.leftOut !== undefined) return {};
      try {
        const answer = await run();
        if (!('unsupported' in answer)) return answer;
        isAble = false;
        peer.remark(`${name}: ${answer.unsupported}`);
      } catch (error) {
        peer.leaveOut(`${name}: ${messageOf(error)}`);
      }
      return {};
    },
    close: () => peer.close(),
  };
}

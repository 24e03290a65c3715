/**
 * How does the store compare with what else could be taken: the same orders to all, case by case, so that those who are compared run one
 * after the other.
 */
import { join } from 'node:path';
import { caseProbe } from '../caseprobe.js';
import { type AppendCase, appendCases, bytesOf, durableBatches, durableThreads, variants } from '../comparison.js';
import { type Contender, type Contenders, contenders } from '../contenders.js';
import type { Probe } from '../harness.js';
import { limitsOf } from '../limits.js';
import type { AppendOrder, FillOrder } from '../peers/peer.js';
import type { BarChart, Chart, Limit, Question, Setting } from '../question.js';
import { reopenProbe } from '../reopenprobe.js';

const ours = 'millrace';
const readBytes = 128 * 2 ** 20;
const killedMebibytes = 2048;
const manyQueues = 10_000;

/** Who took part in this run: what is drawn depends on it. */
let taking: readonly string[] = [];

const nameOf = (of: string, who: string): string => `peers/${of}/${who}`;

function appendOrder(setting: Setting, name: string, order: AppendCase['order']): AppendOrder {
  const directory = join(setting.directory, name.replaceAll('/', '-'));
  return { order: 'append', directory, ...order, ...bytesOf(order), millis: setting.millis };
}

function ourAppend(setting: Setting, { name, title, order }: AppendCase, who: string, way: string): Probe {
  const { durability, batchSize, bodyBytes, queues, inFlight, hasKeys } = order;
  const parameters = { flush: durability, way, batchSize, bodyBytes, queues, inFlight, keys: hasKeys ? 1 : 0 };
  const row = { name: nameOf(name, who), title: `${title}: ${who}`, job: 'write', parameters };
  return caseProbe(row, setting.directory, setting.millis);
}

/** Other ways in which a peer does a case: the name under which each stands, and what it is ordered. */
function waysOf(name: string): (peer: string) => { readonly who: string; readonly order: AppendCase['order'] }[] {
  return (peer) => [
    ...(name === durableBatches.of ? [{ who: `${peer}-batch`, order: durableBatches.order }] : []),
    ...(name === durableThreads.of && peer === durableThreads.peer
      ? [{ who: `${peer}-threads`, order: durableThreads.order }]
      : []),
  ];
}

function appendProbes(setting: Setting, { peers, probe }: Contenders, each: AppendCase): Probe[] {
  const { name, title, order, also } = each;
  const theirs = (peer: Contender, who: string, ordered: AppendCase['order']): Probe =>
    probe(peer, nameOf(name, who), `${title}: ${who}`, appendOrder(setting, nameOf(name, who), ordered));
  const ways = setting.scale === 'full' ? waysOf(name) : () => [];
  return [
    ourAppend(setting, each, ours, order.way),
    ...(also === undefined ? [] : [ourAppend(setting, each, `${ours}-${also[0]}`, also[0])]),
    ...peers.flatMap((peer) => [
      theirs(peer, peer.name, order),
      ...ways(peer.name).map(({ who, order: other }) => theirs(peer, who, other)),
    ]),
  ];
}

function readProbes(setting: Setting, { peers, probe }: Contenders): Probe[] {
  const title = '1 KiB, read in order, hot';
  const own = {
    name: nameOf('read', ours),
    title: `${title}: ${ours}`,
    job: 'read',
    parameters: { way: 'readSync', bodyBytes: 1024 },
  };
  return [
    caseProbe(own, setting.directory, setting.millis),
    ...peers.map((peer) => {
      const name = nameOf('read', peer.name);
      const directory = join(setting.directory, name.replaceAll('/', '-'));
      return probe(peer, name, `${title}: ${peer.name}`, {
        order: 'read',
        directory,
        bodyBytes: 1024,
        bytes: readBytes,
        millis: setting.millis,
      });
    }),
  ];
}

/** Once: each is filled with gigabytes before. */
function openProbes(setting: Setting, { peers, reopenProbe: reopenPeer }: Contenders): Probe[] {
  const title = 'opening after a kill, 2 GiB of 1 KiB';
  const fill = (name: string, bytes: number, queues: number): FillOrder => {
    return { order: 'fill', directory: join(setting.directory, name.replaceAll('/', '-')), bodyBytes: 1024, bytes, queues };
  };
  const killed = (peer: Contender): Probe => {
    const name = nameOf('reopen', peer.name);
    return reopenPeer(peer, name, `${title}: ${peer.name}`, fill(name, killedMebibytes * 2 ** 20, 1), 'killed');
  };
  const closed = (peer: Contender): Probe => {
    const name = nameOf('open-10000', peer.name);
    return reopenPeer(peer, name, `opening 10 000 queues: ${peer.name}`, fill(name, manyQueues * 1024, manyQueues), 'closed');
  };
  const own = reopenProbe(join(setting.directory, 'peers'), 1, killedMebibytes);
  return [
    once(own, nameOf('reopen', ours), `${title}: ${ours}`),
    ...peers.map((peer) => once(killed(peer))),
    ...peers.filter(({ name }) => name.startsWith('rocketmq')).map((peer) => once(closed(peer))),
  ];
}

function once(probe: Probe, name = probe.name, title = probe.title): Probe {
  return { name, title, rounds: 1, run: () => probe.run(), close: () => probe.close() };
}

/** Case by case, ours first. */
export function compared(setting: Setting, all: Contenders): Probe[] {
  const isQuick = setting.scale === 'quick';
  const main = { ...all, peers: all.peers.filter(({ name }) => !variants.includes(name)) };
  return [
    ...limitsOf(setting, 'stream', 'checksum-1024', 'roundtrip', 'sync-1', 'sync-32', 'copy'),
    ...appendCases
      .filter((each) => !isQuick || each.isQuick)
      .flatMap((each) => appendProbes(setting, each.isMain && !isQuick ? all : main, each)),
    ...(isQuick ? [] : [...readProbes(setting, main), ...openProbes(setting, main)]),
  ];
}

const limitLabels: Readonly<Record<string, string>> = {
  'limit/stream': 'pwrite of 256 KiB',
  'limit/sync-1': 'pwrite and fdatasync',
  'limit/sync-32': 'the same, 32 records a sync',
};

function bars(of: string, title: string, figure: string, who: readonly string[], limit?: Limit): BarChart {
  const drawn = who.map((each) => ({ label: each, result: nameOf(of, each), isOurs: each.startsWith(ours) }));
  const chart: BarChart = { kind: 'bars', title, figure, bars: drawn };
  if (limit === undefined) return chart;
  return { ...chart, limit: { label: limitLabels[limit.result] ?? limit.result, result: limit.result, figure: limit.figure } };
}

function everyWay(name: string, also: AppendCase['also']): string[] {
  const own = also === undefined ? [ours] : [ours, `${ours}-${also[0]}`];
  return [...own, ...taking.flatMap((peer) => [peer, ...waysOf(name)(peer).map(({ who }) => who)])];
}

function charts(): Chart[] {
  const everybody = [ours, ...taking];
  return [
    ...appendCases.map(({ name, title, also, limit }) => {
      return bars(name, title, limit.of, everyWay(name, also), limit);
    }),
    bars('read', '1 KiB, read in order, hot', 'messagesPerSecond', everybody),
    bars('reopen', 'Opening after a kill, 2 GiB', 'openMillis', everybody),
  ];
}

function heldAgainst(): Record<string, Limit> {
  const everybody = [ours, ...taking];
  const appends = appendCases.flatMap(({ name, also, limit }) =>
    everyWay(name, also).map((who): [string, Limit] => [nameOf(name, who), limit]),
  );
  const copy: Limit = { result: 'limit/copy', figure: 'bytesPerSecond', of: 'bodyBytesPerSecond' };
  return Object.fromEntries([...appends, ...everybody.map((each): [string, Limit] => [nameOf('read', each), copy])]);
}

export const peers: Question = {
  name: 'peers',
  title: 'How does it compare with other stores?',
  how:
    'Each peer runs in a process of its own and gets the same orders: bodies of random bytes, the same durability, the same number in flight, ' +
    'used the way its documentation calls fastest; how it was set up stands with the conditions. Batches: 100 messages, or the peer’s own unit. ' +
    'Durable with 64 in flight also as batches of 64, for a peer that does not join appends by itself, and RocketMQ by 64 threads. What a peer cannot do is left out. fs and ' +
    'fs-stream are Node’s own file calls: bytes, no messages. Reading: 128 MiB, in memory, every body copied out. Opening: once, after each was ' +
    'filled with 2 GiB and killed; not in a quick run, which has two of the cases.',
  get charts() {
    return charts();
  },
  get heldAgainst() {
    return heldAgainst();
  },
  probes: async (setting) => {
    const found = await contenders(setting.root);
    taking = found.peers.map(({ name }) => name);
    return compared(setting, found);
  },
};

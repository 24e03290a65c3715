/**
 * What rate holds when the page cache is full of what was written?
 *
 * Each probe runs once: a minute, several gigabytes. What the run acknowledged in each twelfth of its time is a result of its own, so that it
 * can be drawn; those results measure nothing themselves.
 */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { MemoryGroup } from '../cgroup.js';
import { Child } from '../child.js';
import { variants } from '../comparison.js';
import { contenders } from '../contenders.js';
import type { Sample } from '../figures.js';
import type { Probe } from '../harness.js';
import type { AppendOrder } from '../peers/peer.js';
import type { Chart, Question, Setting } from '../question.js';

const GiB = 2 ** 30;
const slices = 12;
const cgroupBytes = GiB / 2;
/** Of the disk's free bytes: the rest of the run, and whoever else is on it, need some too. */
const partOfFree = 0.45;
const mostBytes = 48 * GiB;
/** Times of the probes, in rounds of other probes: 60 s, 10 s, 20 s and 8 s at 200 ms. */
const rounds = { ours: 300, bulk: 50, cgroup: 100, peer: 40 };

/** Who took part in this run: what is drawn depends on it. */
let taking: readonly string[] = [];

const name = 'sustained/async';
const title = 'appendBatch of 100, 1 KiB, async';
const sliceOf = (slice: number): string => `sustained/slice-${String(slice + 1).padStart(2, '0')}`;

/** One run of the case; `group`: within a memory limit. */
async function run(setting: Setting, millis: number, most: number, group?: MemoryGroup): Promise<Sample> {
  const parameters = { bodyBytes: 1024, slices, mostBytes: most };
  const child = new Child({ name: 'sustained', directory: join(setting.directory, 'sustained'), millis, parameters });
  try {
    group?.take(child.pid);
    const sample = await child.round();
    await child.close();
    return sample;
  } finally {
    await child.kill();
  }
}

const isSlice = ([figure]: readonly [string, number]): boolean => figure.startsWith('slice');

/** The run itself, and its slices, which wait for it. */
function ourProbes(setting: Setting, most: number): Probe[] {
  const millis = setting.millis * rounds.ours;
  let running: Promise<Sample> | undefined;
  const sample = (): Promise<Sample> => {
    running ??= run(setting, millis, most);
    return running;
  };
  const whole = async (): Promise<Sample> => Object.fromEntries(Object.entries(await sample()).filter((each) => !isSlice(each)));
  const sliceProbe = (slice: number): Probe =>
    once(sliceOf(slice), `its ${slice + 1}. twelfth`, async () => {
      const bytes = (await sample())[`slice${slice}BytesPerSecond`];
      return bytes === undefined ? {} : { bodyBytesPerSecond: bytes };
    });
  return [once(name, title, whole), ...Array.from({ length: slices }, (_, slice) => sliceProbe(slice))];
}

function once(probe: string, text: string, measure: () => Promise<Sample>, close: () => Promise<void> = async () => {}): Probe {
  return { name: probe, title: text, rounds: 1, run: measure, close };
}

function bulkProbe(setting: Setting, way: 'direct' | 'buffered', most: number): Probe {
  const text = way === 'direct' ? 'pwrite of 1 MiB, O_DIRECT, to the device' : 'pwrite of 1 MiB, page cache, synced at the end';
  const parameters = {
    millis: setting.millis * rounds.bulk,
    most: Math.floor(most / 2 ** 20) * 2 ** 20,
    direct: way === 'direct' ? 1 : 0,
  };
  return once(`sustained/bulk-${way}`, text, async () => {
    const { bytesPerSecond = Number.NaN, writtenBytes = Number.NaN } = await setting.limits.run('bulk', parameters);
    return { bytesPerSecond, writtenMiB: writtenBytes / 2 ** 20 };
  });
}

function cgroupProbe(setting: Setting, most: number): Probe {
  return once('sustained/cgroup', `${title}, in a memory cgroup of 512 MiB`, async () => {
    const group = new MemoryGroup(`millrace-bench-${process.pid}`, cgroupBytes);
    try {
      const sample = await run(setting, setting.millis * rounds.cgroup, most, group);
      return Object.fromEntries(Object.entries(sample).filter((each) => !isSlice(each)));
    } finally {
      group.remove();
    }
  });
}

async function peerProbes(setting: Setting, most: number): Promise<Probe[]> {
  const { peers, probe } = await contenders(setting.root);
  const main = peers.filter((peer) => !variants.includes(peer.name));
  taking = main.map((peer) => peer.name);
  return main.map((peer) => {
    const own = `sustained/${peer.name}`;
    const order: AppendOrder = {
      order: 'append',
      directory: join(setting.directory, own.replace('/', '-')),
      durability: 'async',
      way: 'batch',
      batchSize: 100,
      bodyBytes: 1024,
      queues: 1,
      inFlight: 1000,
      hasKeys: false,
      millis: setting.millis * rounds.peer,
      warmBytes: 16 * 2 ** 20,
      mostBytes: most,
    };
    const made = probe(peer, own, `${peer.name}, 1 KiB, async, its best batch`, order);
    return once(
      own,
      made.title,
      () => made.run(),
      () => made.close(),
    );
  });
}

function charts(): Chart[] {
  const limit = { label: 'O_DIRECT', result: 'sustained/bulk-direct', figure: 'bytesPerSecond' };
  const points = Array.from({ length: slices }, (_, slice) => ({ x: slice + 1, result: sliceOf(slice) }));
  return [
    {
      kind: 'lines',
      title: 'Rate over time, bytes of bodies',
      figure: 'bodyBytesPerSecond',
      x: { label: 'twelfths of the run' },
      lines: [{ label: title, isOurs: true, points }],
      limit,
    },
    {
      kind: 'bars',
      title: 'Rate of the whole run, bytes of bodies',
      figure: 'bodyBytesPerSecond',
      bars: [
        { label: 'millrace', result: name, isOurs: true },
        { label: 'millrace, 512 MiB of memory', result: 'sustained/cgroup', isOurs: true },
        ...taking.map((peer) => ({ label: `${peer}, for seconds`, result: `sustained/${peer}` })),
      ],
      limit,
    },
  ];
}

export const sustained: Question = {
  name: 'sustained',
  title: 'What rate holds when more is written than memory takes?',
  how:
    'Once, not in rounds: batches of 100 messages of 1 KiB, ten in flight, for a minute or until 48 GiB or 45 % of the free disk are written, far past ' +
    'what the kernel lets lie in memory unwritten. The rate of the log counts whole records and the sync at the end. Limits: 1 MiB a write for ' +
    'ten seconds, past the page cache and through it, synced at the end. Peers run for 8 s only, which may not be enough to fill ' +
    'memory: their rate is what they would like to keep up. The same in a memory cgroup of 512 MiB where one can be made. Not in a quick run.',
  get charts() {
    return charts();
  },
  heldAgainst: {
    [name]: { result: 'sustained/bulk-direct', figure: 'bytesPerSecond', of: 'logBytesPerSecond' },
    'sustained/cgroup': { result: name, figure: 'logBytesPerSecond', of: 'logBytesPerSecond' },
  },
  probes: async (setting) => {
    if (setting.scale === 'quick') return [];
    const { bavail, bsize } = await statfs(setting.directory);
    const most = Math.min(mostBytes, bavail * bsize * partOfFree);
    return [
      ...(['direct', 'buffered'] as const).map((way) => bulkProbe(setting, way, most)),
      ...ourProbes(setting, most),
      cgroupProbe(setting, most),
      ...(await peerProbes(setting, Math.min(most, 16 * GiB))),
    ];
  },
};

/** How long does a durable append take at a rate that does not wait for it? */
import { caseProbe } from '../caseprobe.js';
import type { Probe } from '../harness.js';
import type { Question, Setting } from '../question.js';

const shares = [10, 25, 50, 75, 90];
const quickShares = [50];
const bareName = 'latency/bare';

function nameOf(percent: number): string {
  return `latency/${percent}`;
}

function probe(percent: number, { directory, millis }: Setting): Probe {
  const title = `1 KiB, durable, offered at ${percent} % of the maximum`;
  return caseProbe({ name: nameOf(percent), title, job: 'latency', parameters: { percent, bodyBytes: 1024 } }, directory, millis);
}

/** As long as an append's round, so that both can meet what the device does now and then. */
function bareProbe({ limits, millis }: Setting): Probe {
  return {
    name: bareName,
    title: 'native loop: pwrite of 1 KiB and fdatasync, nothing waits',
    run: async () => {
      const sample = await limits.run('sync', { records: 1, millis: millis * 4 });
      const figure = (name: string): number => sample[`cycle${name}Micros`] ?? Number.NaN;
      return {
        p50Micros: figure('P50'),
        p90Micros: figure('P90'),
        p99Micros: figure('P99'),
        p999Micros: figure('P999'),
        maxMicros: figure('Max'),
      };
    },
    close: async () => {},
  };
}

const curves = [
  ...shares.map((percent) => ({ label: `${percent} % of the maximum`, result: nameOf(percent), isOurs: true })),
  { label: 'pwrite and fdatasync alone', result: bareName },
];

export const latency: Question = {
  name: 'latency',
  title: 'How long does a durable append take at a fixed rate?',
  how:
    'Open loop: appends of 1 KiB are due at even times, at a part of the durable maximum that the same round measured with 64 in flight. Each ' +
    'latency counts from when the append was due to when its promise resolved, so that whatever was held up counts with all of its wait (no ' +
    'coordinated omission); node:perf_hooks histograms (HDR, three digits). Calls are made from turns of the event loop, which does not sleep ' +
    'meanwhile; how late they were made is shown, and contained. Beside it a native closed loop of one pwrite and one fdatasync at a time.',
  charts: [{ kind: 'latencies', title: 'Latency by percentile, durable, 1 KiB, open loop', curves }],
  heldAgainst: Object.fromEntries(
    shares.map((percent) => [nameOf(percent), { result: bareName, figure: 'p99Micros', of: 'p999Micros' }]),
  ),
  probes: async (setting) => [
    bareProbe(setting),
    ...(setting.scale === 'quick' ? quickShares : shares).map((percent) => probe(percent, setting)),
  ],
};

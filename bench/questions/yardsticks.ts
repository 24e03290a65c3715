/**
 * The machine's own limits that questions ask for, by name: those of every run (limits.ts), and some for one question each.
 *
 * Two questions that name the same one share it: it runs once.
 */
import type { Probe } from '../harness.js';
import { limitProbes } from '../limits.js';
import type { Setting } from '../question.js';

const KiB = 1024;

/** Lengths of a run of records that a transfer finds in the log. */
export const runLengths: readonly number[] = [256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 1024 * KiB];

/** Up to here the engine gathers; from the next on it takes sendfile (kLongRunBytes). */
export const longestGathered = 16 * KiB;
export const gatheredLengths: readonly number[] = runLengths.filter((length) => length <= longestGathered);

export function spellLength(bytes: number): string {
  if (bytes < KiB) return `${bytes} B`;
  return bytes < KiB * KiB ? `${bytes / KiB} KiB` : `${bytes / KiB / KiB} MiB`;
}

/** Names of limits, without `limit/`; those of 1 MiB and 1 KiB are limits of every run. */
export function sendfileLimit(length: number): string {
  return length === KiB * KiB ? 'sendfile' : `sendfile-${length}`;
}
export function gatherLimit(length: number): string {
  return length === KiB ? 'gather' : `gather-${length}`;
}

/** Name, title, probe of the limits program, parameters. */
const table: readonly [string, string, string, Readonly<Record<string, number>>][] = [
  ['coldread', 'O_DIRECT reads of 1 MiB, 4 at once', 'coldread', { bytes: KiB * KiB, threads: 4 }],
  ['coldread-random', 'O_DIRECT reads of 4 KiB anywhere, 1 at a time', 'coldread', { bytes: 4 * KiB, random: 1 }],
  ...runLengths.map((bytes): [string, string, string, Record<string, number>] => [
    sendfileLimit(bytes),
    `sendfile of ${spellLength(bytes)} a call, over loopback`,
    'sendfile',
    { bytes },
  ]),
  ...gatheredLengths.map((bytes): [string, string, string, Record<string, number>] => [
    gatherLimit(bytes),
    `writev of 512 pieces of ${spellLength(bytes)}, the same`,
    'gather',
    { bytes },
  ]),
];

/** `names` without `limit/`. */
export function yardsticks({ limits, millis, port }: Setting, ...names: readonly string[]): Probe[] {
  const half = Math.ceil(millis / 2);
  const known = new Map(limitProbes(limits, half, port).map((probe) => [probe.name, probe]));
  for (const [name, title, probe, parameters] of table) {
    if (known.has(`limit/${name}`)) continue;
    known.set(`limit/${name}`, {
      name: `limit/${name}`,
      title,
      run: () => limits.run(probe, { millis: half, port, ...parameters }),
      close: async () => {},
    });
  }
  return names.map((name) => {
    const probe = known.get(`limit/${name}`);
    if (probe === undefined) throw new Error(`no limit is called ${name}`);
    return probe;
  });
}

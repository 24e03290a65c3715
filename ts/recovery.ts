/** The recovery report: what the addon's list of numbers means (native/binding/open_calls.cc fills it in this order). */
import type { LossNames } from './losses.js';
import type { StoreOptions } from './types/options.js';
import type { RecoveryReport } from './types/recovery.js';

const at = {
  clean: 0,
  scannedBytes: 1,
  recoveredMessages: 2,
  truncatedFrom: 3,
  truncatedBytes: 4,
  rebuiltQueueEntries: 5,
  nanos: 6,
  generation: 7,
  created: 8,
  foreign: 9,
  sideCarSetAside: 10,
  repairedBlanks: 11,
  fileBytes: 12,
  rebuiltIndexEntries: 14,
} as const;

/** What else opening found, for the logger. */
export interface Opened {
  readonly generation: number;
  readonly fileBytes: number;
  readonly isForeign: boolean;
  readonly isSideCarSetAside: boolean;
  readonly repairedBlanks: number;
}

export function openedFrom(numbers: Float64Array): Opened {
  return {
    generation: numbers[at.generation] ?? 0,
    fileBytes: numbers[at.fileBytes] ?? 0,
    isForeign: numbers[at.foreign] === 1,
    isSideCarSetAside: numbers[at.sideCarSetAside] === 1,
    repairedBlanks: numbers[at.repairedBlanks] ?? 0,
  };
}

/** Tells what an operator ought to know of it. */
export function tellOpened(opened: Opened, directory: string, logger: StoreOptions['logger']): void {
  if (opened.isForeign) logger?.info(`Another program wrote to ${directory} since this package did; its records were taken in.`);
  if (opened.isSideCarSetAside)
    logger?.warn(`The files in ${directory}/millrace described another log and were moved to millrace/set-aside.`);
  if (opened.repairedBlanks > 0)
    logger?.warn(`${opened.repairedBlanks} file ends of ${directory} were repaired; nothing was lost.`);
}

export function reportFrom(numbers: Float64Array, names: LossNames, losses: Float64Array, newLosses: Float64Array): RecoveryReport {
  const truncatedFrom = numbers[at.truncatedFrom] ?? -1;
  return Object.freeze({
    cleanShutdown: numbers[at.clean] === 1,
    scannedBytes: numbers[at.scannedBytes] ?? 0,
    recoveredMessages: numbers[at.recoveredMessages] ?? 0,
    truncatedFrom: truncatedFrom < 0 ? undefined : truncatedFrom,
    truncatedBytes: numbers[at.truncatedBytes] ?? 0,
    rebuiltQueueEntries: numbers[at.rebuiltQueueEntries] ?? 0,
    rebuiltIndexEntries: numbers[at.rebuiltIndexEntries] ?? 0,
    lost: names.ranges(losses),
    newlyLost: names.ranges(newLosses),
    durationMs: (numbers[at.nanos] ?? 0) / 1e6,
  });
}

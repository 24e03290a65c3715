/**
 * How long does opening take after the writer was killed at full speed?
 *
 * `writerCase` appends 1 KiB messages with 1,000 in flight until it is killed, and tells how far it is. `openCase` opens what
 * it left, and times the phases of recovery by the progress that it reports: the sync that comes first, and the scan.
 */
import { MessageStore, type StoreOptions } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, turn } from './messages.js';

type Progress = Parameters<NonNullable<StoreOptions['onRecoveryProgress']>>[0];

const inFlight = 1000;
const bodyBytes = 1024;

export async function writerCase(job: Job, report: (position: number) => void): Promise<Case> {
  // It has no end of its own, so it must not outlive its parent.
  process.once('disconnect', () => process.exit(1));
  const store = await MessageStore.open(job.directory, { flush: 'async' });
  const next = turn(makeMessages(1000, bodyBytes));
  return {
    round: async () => {
      setInterval(() => report(store.watermarks.written), 10);
      const lane = async (): Promise<never> => {
        for (;;) await store.append(next());
      };
      await Promise.all(Array.from({ length: inFlight }, lane));
      return {};
    },
    close: () => store.close(),
  };
}

export async function openCase(job: Job): Promise<Case> {
  let store: MessageStore | undefined;
  return {
    round: async () => {
      const phases = new Phases();
      const begin = performance.now();
      store = await MessageStore.open(job.directory, { flush: 'async', onRecoveryProgress: (progress) => phases.see(progress) });
      const end = performance.now();
      const { scannedBytes, truncatedBytes, cleanShutdown } = store.recovery;
      if (cleanShutdown) throw new Error('the store was closed properly: nothing was recovered');
      const scanMillis = phases.millis('scan', end);
      return {
        openMillis: end - begin,
        syncMillis: phases.millis('sync', end),
        scanMillis,
        scannedMiB: scannedBytes / 2 ** 20,
        truncatedMiB: truncatedBytes / 2 ** 20,
        ...(scanMillis > 0 ? { scanBytesPerSecond: phases.bytes('scan') / (scanMillis / 1000) } : {}),
      };
    },
    close: async () => {
      await store?.close();
    },
  };
}

/** When each phase was first seen, and how far it had got then and at last. */
class Phases {
  readonly #seen = new Map<string, { begin: number; first: number; last: number }>();

  see({ phase, bytesDone }: Progress): void {
    const known = this.#seen.get(phase);
    if (known === undefined) this.#seen.set(phase, { begin: performance.now(), first: bytesDone, last: bytesDone });
    else known.last = bytesDone;
  }

  /** From the first sight of the phase to that of the next one, or to `end`; 0 when it was not seen. */
  millis(phase: string, end: number): number {
    const entries = [...this.#seen];
    const index = entries.findIndex(([name]) => name === phase);
    if (index < 0) return 0;
    return (entries[index + 1]?.[1].begin ?? end) - (entries[index]?.[1].begin ?? end);
  }

  bytes(phase: string): number {
    const known = this.#seen.get(phase);
    return known === undefined ? 0 : known.last - known.first;
  }
}

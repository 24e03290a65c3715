/** How the demo speaks: headings, aligned facts, and progress that keeps to one line on a terminal. */
import type { RecoveryReport } from 'millrace';

const labelWidth = 18;

export function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

export function fact(label: string, text: string): void {
  process.stdout.write(`  ${label.padEnd(labelWidth)}${text}\n`);
}

/** One line that is written over on a terminal; elsewhere a line at every quarter. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  #shownAt = 0;
  #quarter = 0;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  readonly show = (count: number): void => {
    const share = Math.min(1, count / this.#total);
    const text = `  ${this.#label.padEnd(labelWidth)}${whole(count)} of ${whole(this.#total)}`;
    if (process.stdout.isTTY) {
      const now = performance.now();
      if (now - this.#shownAt < 50) return;
      this.#shownAt = now;
      const width = 30;
      const done = Math.round(share * width);
      process.stdout.write(
        `\r\x1b[K${text.padEnd(44)} ${'━'.repeat(done)}${'╌'.repeat(width - done)} ${Math.round(share * 100)} %`,
      );
    } else if (Math.floor(share * 4) > this.#quarter) {
      this.#quarter = Math.floor(share * 4);
      process.stdout.write(`${text}\n`);
    }
  };

  /** Removes the line from the terminal. */
  end(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  }
}

export function printRecovery(report: RecoveryReport): void {
  fact('shutdown', report.cleanShutdown ? 'clean' : 'not clean, as it should be after a kill');
  fact('scanned', megabytes(report.scannedBytes));
  fact('recovered', `${whole(report.recoveredMessages)} messages in what was scanned`);
  const cut = `${whole(report.truncatedBytes)} bytes cut at position ${whole(report.truncatedFrom ?? 0)}`;
  fact('unfinished tail', report.truncatedFrom === undefined ? 'none' : cut);
  fact('queue entries', `${whole(report.rebuiltQueueEntries)} written again`);
  const damage = report.lost.map(({ from, to, file, reason }) => `${whole(from)}–${whole(to)} in ${file} (${reason})`);
  fact('damage', damage.length === 0 ? 'none' : damage.join('; '));
  fact('took', `${report.durationMs.toFixed(1)} ms`);
}

/** Thousands separated by a comma. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function rate(count: number, bytes: number, millis: number): string {
  const seconds = millis / 1000;
  return `${whole(count / seconds)} mails/s, ${megabytes(bytes / seconds)}/s`;
}

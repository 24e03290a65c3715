/** Runs the writer (writer.ts), keeps what it acknowledged, and kills it with SIGKILL once that is enough. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Index of the mail, offset, position and size of its receipt. */
export type Acknowledged = readonly [index: number, offset: number, position: number, size: number];

export interface ReportLine {
  readonly acknowledged: readonly Acknowledged[];
  /** Since its store was opened. */
  readonly syncs: number;
  /** Since its first append. */
  readonly millis: number;
}

export interface Killed {
  readonly pid: number;
  readonly acknowledged: readonly Acknowledged[];
  readonly syncs: number;
  readonly millis: number;
}

/** Resolves when the process is gone; rejects when it ended before it was killed. */
export async function writeUntilKilled(directory: string, enough: number, onProgress: (count: number) => void): Promise<Killed> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./writer.js', import.meta.url)), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const orphaned = (): boolean => child.kill('SIGKILL');
  process.once('exit', orphaned);
  const exited = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const acknowledged: Acknowledged[] = [];
  let last = { syncs: 0, millis: 0 };
  // What it still had reported when it died is in the pipe and counts too; a line cut short by the kill does not.
  for await (const line of createInterface({ input: child.stdout })) {
    const report = parse(line);
    if (report === undefined) continue;
    acknowledged.push(...report.acknowledged);
    last = report;
    onProgress(acknowledged.length);
    if (acknowledged.length >= enough) child.kill('SIGKILL');
  }
  const ending = await exited;
  process.off('exit', orphaned);
  if (ending !== 'SIGKILL') throw new Error(`the writer ended with ${ending} before it was killed`);
  return { pid: child.pid ?? 0, acknowledged, syncs: last.syncs, millis: last.millis };
}

function parse(line: string): ReportLine | undefined {
  try {
    return JSON.parse(line) as ReportLine;
  } catch {
    return undefined;
  }
}

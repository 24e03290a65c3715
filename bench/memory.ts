/**
 * Memory of a process that is its own: anonymous pages, and pages of files other than the store's (the program itself).
 *
 * Pages of the store's files that are mapped belong to the page cache, which the system takes back when it needs it, so they are
 * told apart. Read from /proc; elsewhere the answers are 0.
 */
import { readFileSync } from 'node:fs';

/** Anonymous bytes of the process; cheap, for sampling while it works. */
export function anonymousBytes(pid: number): number {
  return kilobytes(read(`/proc/${pid}/status`), /^RssAnon:\s+(\d+) kB$/m) * 1024;
}

/** Bytes of mapped files outside `directory` that are in memory; walks every mapping, so not while something is measured. */
export function programBytes(pid: number, directory: string): number {
  let total = 0;
  for (const mapping of read(`/proc/${pid}/smaps`).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const path = /^\S+ \S+ \S+ \S+ \S+ +(\/.*)$/m.exec(mapping)?.[1];
    if (path === undefined || path.startsWith(directory)) continue;
    total += kilobytes(mapping, /^Rss:\s+(\d+) kB$/m) - kilobytes(mapping, /^Anonymous:\s+(\d+) kB$/m);
  }
  return total * 1024;
}

function kilobytes(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

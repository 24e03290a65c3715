/**
 * What a figure depends on and a reader must know: machine, kernel, file system, the device's flush latency, Node, revision. Read once,
 * before the run; the flush latency is measured by the limits program then, in a few hundred milliseconds.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { format, spell } from './figures.js';
import type { Limits } from './limits.js';

export type Conditions = Readonly<Record<string, string>>;

export async function readConditions(root: string, directory: string, limits: Pick<Limits, 'run'>): Promise<Conditions> {
  const { syncP50Micros, syncP99Micros } = await limits.run('sync', { bytes: 4096, millis: 300 });
  const flush = (name: string, value = Number.NaN): string => format(name, value);
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: String(availableParallelism()),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    load: `${spell(loadavg()[0] ?? Number.NaN)} before the run`,
    kernel: `${type()} ${release()}`,
    fileSystem: fileSystem(directory),
    deviceFlush: `fdatasync of 4 KiB ${flush('p50Micros', syncP50Micros)}, p99 ${flush('p99Micros', syncP99Micros)}`,
    node: process.version,
    revision: revision(root),
  };
}

/** Type, device kind and mount options of the mount that holds `directory`; Linux only. */
function fileSystem(directory: string): string {
  let best = { point: '', text: 'unknown' };
  for (const line of lines('/proc/self/mountinfo')) {
    const [mount = '', source = ''] = line.split(' - ');
    const point = mount.split(' ')[4] ?? '/';
    const inside = point === '/' || directory === point || directory.startsWith(`${point}/`);
    if (!inside || point.length < best.point.length) continue;
    const [kind = '', , superOptions = ''] = source.split(' ');
    best = { point, text: `${kind} (${merge(mount.split(' ')[5] ?? '', superOptions)})` };
  }
  return best.text;
}

function merge(...options: string[]): string {
  return [...new Set(options.flatMap((each) => each.split(',')))].filter((each) => each !== '').join(',');
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}

function revision(root: string): string {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : ' + changes');
  } catch {
    return 'unknown';
  }
}

/**
 * The machine's own limits: builds and drives the native program of `native/`, and names the probes that the store is held
 * against.
 *
 * The program is compiled once into `build/` and again when one of its sources is newer. One process serves the whole run.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Sample } from './figures.js';
import type { Probe } from './harness.js';
import type { Setting } from './question.js';

/** Compiles the program with $CXX (default c++) if it has to be, and returns its path. `root` is the folder of package.json. */
export function buildLimits(root: string): string {
  const sources = join(root, 'bench', 'native');
  const engine = join(root, 'native', 'engine');
  const program = join(root, 'bench', 'build', 'limits');
  const files = [...readdirSync(sources).map((name) => join(sources, name)), join(engine, 'crc32.h'), join(engine, 'crc32.cc')];
  const built = existsSync(program) ? statSync(program).mtimeMs : 0;
  if (files.every((file) => statSync(file).mtimeMs < built)) return program;
  mkdirSync(dirname(program), { recursive: true });
  const flags = ['-std=c++20', '-O3', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-pthread'];
  const units = files.filter((file) => file.endsWith('.cc'));
  execFileSync(process.env.CXX ?? 'c++', [...flags, `-I${engine}`, ...units, '-o', program], { stdio: 'inherit' });
  return program;
}

/** The running program. Commands are answered one at a time, in order. */
export class Limits {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(program: string, directory: string) {
    this.#child = spawn(program, [directory], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#reader = createInterface({ input: this.#child.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  async run(probe: string, parameters: Readonly<Record<string, number>> = {}): Promise<Sample> {
    const words = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    this.#child.stdin!.write(`run ${[probe, ...words].join(' ')}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`the limits program ended while it ran ${probe}`);
    const answer = JSON.parse(line.value) as Record<string, number> & { error?: string };
    if (answer.error !== undefined) throw new Error(`limits: ${probe}: ${answer.error}`);
    return answer;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode !== null) return;
    this.#child.stdin!.end();
    await ended;
    this.#reader.close();
  }
}

const MiB = 2 ** 20;

/** Name, title, probe of the program, parameters. */
const table: readonly [string, string, string, Record<string, number>][] = [
  ['copy', 'memcpy out of the caches', 'copy', {}],
  ['checksum-1024', 'memcpy + CRC of 1 KiB records', 'checksum', { bytes: 1024 }],
  ['checksum-128', 'memcpy + CRC of 128 B records', 'checksum', { bytes: 128 }],
  ['stream', 'pwrite of 256 KiB, reserved blocks', 'write', {}],
  ['stream-synced', 'the same, another thread syncs every 16 MiB', 'write', { sync: 16 * MiB }],
  ['pwrite-1024', 'pwrite of 1 KiB a call, reserved blocks', 'write', { bytes: 1024 }],
  ['pwrite-128', 'pwrite of 128 B a call, reserved blocks', 'write', { bytes: 128 }],
  ['sync-1', 'pwrite of 1 KiB + fdatasync, zeroed file', 'sync', { records: 1 }],
  ['sync-32', 'pwrite of 32 x 1 KiB + fdatasync, zeroed file', 'sync', { records: 32 }],
  ['sendfile', 'sendfile of 1 MiB a call, over loopback', 'sendfile', {}],
  ['gather', 'writev of 512 scattered pieces of 1 KiB, the same', 'gather', {}],
  ['roundtrip', 'one thread wakes another and is woken', 'roundtrip', {}],
];

/** `port`: of the program's receiver. */
export function limitProbes(limits: Limits, millis: number, port: number): Probe[] {
  return table.map(([name, title, probe, parameters]) => ({
    name: `limit/${name}`,
    title,
    run: () => limits.run(probe, { millis, port, ...parameters }),
    close: async () => {},
  }));
}

/** Some of them, by what stands behind `limit/`, for a question that needs no others. */
export function limitsOf(setting: Pick<Setting, 'limits' | 'millis' | 'port'>, ...names: readonly string[]): Probe[] {
  const probes = limitProbes(setting.limits, Math.ceil(setting.millis / 2), setting.port);
  return names.map((name) => {
    const probe = probes.find((each) => each.name === `limit/${name}`);
    if (probe === undefined) throw new Error(`no limit is called ${name}`);
    return probe;
  });
}

/**
 * Waits until the disk is quiet. With `pageCache`, also has memory at hand that the next writer's page cache can take: where a host lends
 * memory to a virtual machine, a page that was long unused is many times slower at its first touch, and luck would decide who gets it.
 * `mebibytes`: how much the next one may want.
 */
export async function settle(limits: Limits, pageCache: boolean, mebibytes = 256): Promise<void> {
  if (pageCache) await limits.run('write', { millis: 400, most: mebibytes * MiB });
  await limits.run('settle');
}

/**
 * A memory limit for one process: a control group (version 2) of its own, made for a probe and removed after it.
 *
 * Needs root, and the memory controller handed down by the root of the hierarchy. Nothing else on the machine is changed; where it cannot
 * be made, the error says why, and the probe is left out with that reason.
 */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class MemoryGroup {
  readonly #folder: string;

  /** `hierarchy`: where it is mounted. */
  constructor(name: string, bytes: number, hierarchy = '/sys/fs/cgroup') {
    const reason = whyNot(hierarchy);
    if (reason !== undefined) throw new Error(`no memory cgroup can be made: ${reason}`);
    this.#folder = join(hierarchy, name);
    try {
      mkdirSync(this.#folder);
      writeFileSync(join(this.#folder, 'memory.max'), String(bytes));
    } catch (error) {
      throw new Error(`no memory cgroup can be made: ${(error as Error).message}`);
    }
  }

  /** What the process has by now stays charged to where it came from; what it takes from now on counts. */
  take(pid: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** After its process has ended. */
  remove(): void {
    rmdirSync(this.#folder);
  }
}

/** Undefined: nothing stands against it as far as can be told without trying. */
export function whyNot(hierarchy: string): string | undefined {
  const controllers = words(join(hierarchy, 'cgroup.controllers'));
  if (controllers === undefined) return 'there are no cgroups of version 2';
  if (!controllers.includes('memory')) return 'the memory controller does not belong to version 2 here';
  const handedDown = words(join(hierarchy, 'cgroup.subtree_control')) ?? [];
  if (!handedDown.includes('memory')) return 'the memory controller is not handed down to groups';
  return undefined;
}

function words(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8').split(/\s+/);
  } catch {
    return undefined;
  }
}

/** A memory limit for a process is made where the machine allows it; elsewhere the reason is told, and nothing is left behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryGroup, whyNot } from '../bench/cgroup.js';

let hierarchy: string;

beforeEach(() => {
  hierarchy = mkdtempSync(join(tmpdir(), 'cgroup-'));
});
afterEach(() => rmSync(hierarchy, { recursive: true }));

function controllers(available: string, handedDown: string): void {
  writeFileSync(join(hierarchy, 'cgroup.controllers'), `${available}\n`);
  writeFileSync(join(hierarchy, 'cgroup.subtree_control'), `${handedDown}\n`);
}

test('without version 2, without its memory controller, or where that is not handed down, no group is made', () => {
  expect(whyNot(hierarchy)).toBe('there are no cgroups of version 2');
  controllers('cpu io', 'cpu');
  expect(whyNot(hierarchy)).toBe('the memory controller does not belong to version 2 here');
  controllers('cpu memory', 'cpu');
  expect(whyNot(hierarchy)).toBe('the memory controller is not handed down to groups');
  expect(() => new MemoryGroup('bench', 2 ** 29, hierarchy)).toThrow('no memory cgroup can be made: the memory controller is not');
  expect(readdirSync(hierarchy).sort()).toEqual(['cgroup.controllers', 'cgroup.subtree_control']);
});

test('a group gets its limit, and then its process', () => {
  controllers('cpu memory', 'cpu memory');
  const group = new MemoryGroup('bench', 2 ** 29, hierarchy);
  expect(readFileSync(join(hierarchy, 'bench', 'memory.max'), 'utf8')).toBe('536870912');
  group.take(4711);
  expect(readFileSync(join(hierarchy, 'bench', 'cgroup.procs'), 'utf8')).toBe('4711');
});

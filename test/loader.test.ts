/** The search for the addon: which files are tried, in which order, and what the error says when none does. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { candidatePaths, loadAddon, type Surroundings, surroundings } from '../ts/loader.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-loader-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function around(changes: Partial<Surroundings> = {}): Surroundings {
  return { root, platform: 'linux', arch: 'x64', isMusl: false, environment: {}, ...changes };
}

/** Puts a file there that loads like an addon does, but needs no compiler: the loader requires what it finds. */
function place(path: string, content: string): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

function failure(act: () => unknown): Error & { code?: string } {
  try {
    act();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('it loaded something');
}

test('a checkout is searched before the binaries of a tarball', () => {
  expect(candidatePaths(around())).toEqual([
    join(root, 'build/Release/millrace.node'),
    join(root, 'prebuilds/linux-x64/millrace.node'),
  ]);
});

test('a debug build is looked for only when asked for, and then first', () => {
  const paths = candidatePaths(around({ environment: { MILLRACE_DEBUG: '1' } }));
  expect(paths[0]).toBe(join(root, 'build/Debug/millrace.node'));
  expect(paths).toHaveLength(3);
});

test('musl has binaries of its own', () => {
  expect(candidatePaths(around({ isMusl: true, arch: 'arm64' })).at(-1)).toBe(
    join(root, 'prebuilds/linuxmusl-arm64/millrace.node'),
  );
});

test('a path in MILLRACE_NATIVE is the only one tried', () => {
  const elsewhere = place('elsewhere/addon.cjs', 'module.exports = { from: "elsewhere" };');
  expect(candidatePaths(around({ environment: { MILLRACE_NATIVE: elsewhere } }))).toEqual([elsewhere]);
  expect(loadAddon(around({ environment: { MILLRACE_NATIVE: elsewhere } }))).toEqual({ from: 'elsewhere' });

  const missing = failure(() => loadAddon(around({ environment: { MILLRACE_NATIVE: '/nowhere/millrace.node' } })));
  expect(missing.code).toBe('NATIVE_MISSING');
  expect(missing.message).toContain('/nowhere/millrace.node: no such file');
  expect(missing.message).not.toContain('build/Release');
});

test('without an addon the error names every path, the machine and the command to run', () => {
  place('scripts/build.mjs', '');
  const missing = failure(() => loadAddon(around({ environment: { MILLRACE_DEBUG: '1' } })));
  expect(missing.code).toBe('NATIVE_MISSING');
  for (const path of ['build/Debug', 'build/Release', 'prebuilds/linux-x64']) {
    expect(missing.message).toContain(`${join(root, path, 'millrace.node')}: no such file`);
  }
  expect(missing.message).toContain('linux-x64');
  expect(missing.message).toContain(`cd ${root} && npm ci && npm run build`);
});

test('an installed package is told to compile with what it has', () => {
  const missing = failure(() => loadAddon(around()));
  expect(missing.message).toContain('npx node-gyp@');
  expect(missing.message).not.toContain('npm run build');
});

test('a file that is no addon is named with its reason, and the search goes on', () => {
  const broken = place('build/Release/millrace.node', 'not a shared object');
  const missing = failure(() => loadAddon(around()));
  expect(missing.message).toMatch(new RegExp(`${broken}: .*(invalid ELF header|file too short|not valid|slice)`));
  expect(missing.message).toContain('prebuilds/linux-x64/millrace.node: no such file');
});

test('the running process is described as it is', () => {
  const here = surroundings();
  expect(here.platform).toBe(process.platform);
  expect(here.arch).toBe(process.arch);
  expect(candidatePaths({ ...here, environment: {} })[0]).toBe(join(process.cwd(), 'build/Release/millrace.node'));
});

/**
 * One binary serves every supported Node line: the installed package, with the addon that was built here, runs one short session on
 * each. The Nodes come as npm packages and are installed into a temporary folder; where that cannot be done the test says so and
 * counts as skipped, except on CI, where it fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

const project = inject('project');
const session = resolve('test/package/session.mjs');
const platformPackage = `node-${process.platform}-${process.arch}`;

/** What session.mjs prints. */
interface Answer {
  node: string;
  bodies: string[];
  maxOffset: number;
  lz4: { size: number; body: string };
  zstd: string;
}

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'millrace-lines-'));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** The path of a Node of that line, or why there is none. */
function nodeOfLine(line: number): { path: string } | { missing: string } {
  if (Number(process.versions.node.split('.')[0]) === line) return { path: process.execPath };
  const folder = join(scratch, `node-${line}`);
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `${platformPackage}@${line}`];
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8', cwd: scratch });
  const path = join(folder, 'node_modules', platformPackage, 'bin/node');
  return status === 0 && existsSync(path)
    ? { path }
    : { missing: `Node ${line} could not be installed: ${stderr.trim().split('\n').at(-1)}` };
}

test.for([20, 22, 24, 26])('one binary runs on Node %i', (line, { skip }) => {
  writeFileSync(join(scratch, 'package.json'), '{"private":true}');
  const node = nodeOfLine(line);
  if ('missing' in node) {
    if (process.env.CI) throw new Error(node.missing);
    skip(node.missing);
    return;
  }
  const { status, stdout, stderr } = spawnSync(node.path, [session, join(scratch, `store-${line}`)], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const answer = JSON.parse(stdout) as Answer;
  expect(answer.node).toMatch(new RegExp(`^${line}\\.`));
  expect(answer.bodies).toEqual(['hello', 'again', 'and again']);
  expect(answer.maxOffset).toBe(3);
  expect(answer.lz4.body).toBe('hello lz4 '.repeat(1000));
  expect(answer.lz4.size).toBeLessThan(1000);
  // Node 20 has no Zstandard.
  expect(answer.zstd).toBe(line === 20 ? 'UNSUPPORTED' : 'hello zstd');
});

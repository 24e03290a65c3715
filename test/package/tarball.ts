/**
 * Packs the package once and installs the tarball into an empty project, outside the checkout, so that nothing but the tarball can
 * be found from there; what it depends on comes from npm's cache where that has it. Tests ask for the two paths; everything is
 * removed after the last one.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The tarball that `npm pack` made. */
    tarball: string;
    /** A project that has installed it and nothing else. */
    project: string;
  }
}

export function setup(context: TestProject): () => void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-package-')));
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], process.cwd())) as [{ filename: string }];
  const tarball = join(folder, filename);
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], project);
  context.provide('tarball', tarball);
  context.provide('project', project);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** What npm printed. Build output that a life-cycle script prints goes to stderr, so that JSON on stdout stays JSON. */
function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args, '--foreground-scripts=false'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

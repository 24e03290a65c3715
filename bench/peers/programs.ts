/**
 * The peers by name, and the command line that starts each; or why it cannot be started here.
 *
 * Nothing is installed or downloaded for npm peers: `npm ci --prefix bench` does that. Those in Java are built by java.ts, where it is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface PeerProgram {
  readonly name: string;
  /** Program and arguments; or the reason why there is none. */
  readonly command: readonly string[] | { readonly missing: string };
}

/** What java.ts exports. */
export interface JavaPeers {
  buildJavaPeers(root: string): Promise<readonly PeerProgram[]>;
}

/** Name to the package it needs. */
const npmPeers: Readonly<Record<string, string | undefined>> = {
  lmdb: 'lmdb',
  'lmdb-nosync': 'lmdb',
  'better-sqlite3': 'better-sqlite3',
  'classic-level': 'classic-level',
  fs: undefined,
  'fs-stream': undefined,
};

/** `root`: the folder of the project's package.json. */
export async function peerPrograms(root: string): Promise<PeerProgram[]> {
  return [...npmPrograms(root), ...(await javaPrograms(root, join(root, 'bench', 'build', 'peers', 'java.js')))];
}

export function npmPrograms(root: string): PeerProgram[] {
  const main = join(root, 'bench', 'build', 'peers', 'npm', 'main.js');
  return Object.entries(npmPeers).map(([name, needed]) => {
    const isInstalled = needed === undefined || existsSync(join(root, 'bench', 'node_modules', needed, 'package.json'));
    if (!isInstalled) return { name, command: { missing: 'not installed: npm ci --prefix bench' } };
    if (!existsSync(main)) return { name, command: { missing: 'not built: tsc -p bench/tsconfig.all.json' } };
    return { name, command: [process.execPath, main, name] };
  });
}

/** A module that fails as a whole is one peer that is missing. */
export async function javaPrograms(root: string, module: string): Promise<readonly PeerProgram[]> {
  if (!existsSync(module)) return [{ name: 'java', command: { missing: 'its peers are not built into this benchmark' } }];
  try {
    return await ((await import(pathToFileURL(module).href)) as JavaPeers).buildJavaPeers(root);
  } catch (error) {
    return [{ name: 'java', command: { missing: error instanceof Error ? error.message : String(error) } }];
  }
}

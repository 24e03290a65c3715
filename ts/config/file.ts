/**
 * A config file and its `.bak`: read whichever is good, replace both so that at every moment one of them is whole.
 *
 * Replacing writes a temporary file (in a folder that nobody reads config from), syncs it, renames it over and syncs the directory: first
 * `.bak` with the previous content, then the file. After a crash at any point the file is the old one or the new one. Who calls sees to it
 * that nobody else writes, and that writes do not overlap.
 */
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { storeError, systemError } from '../errors.js';

/** Where a config value was found. */
export type ConfigSource = 'file' | 'backup' | 'none';

export interface LoadedConfig<T> {
  readonly value: T;
  readonly source: 'file' | 'backup';
  /** What the value was read from. */
  readonly text: string;
}

/**
 * Reads the file, or `.bak` when the file is missing, empty or not what `parse` accepts. Undefined when neither exists; CORRUPTION when what
 * exists is not good.
 */
export async function loadConfig<T>(path: string, parse: (text: string) => T): Promise<LoadedConfig<T> | undefined> {
  const failures: { path: string; reason: unknown }[] = [];
  for (const source of ['file', 'backup'] as const) {
    const candidate = source === 'file' ? path : `${path}.bak`;
    const text = await readIfThere(candidate);
    if (text === undefined) continue;
    try {
      if (text.trim() === '') throw new SyntaxError('the file is empty');
      return { value: parse(text), source, text };
    } catch (error) {
      failures.push({ path: candidate, reason: error });
    }
  }
  const [first] = failures;
  if (first === undefined) return undefined;
  const reasons = failures.map(
    (each) => `${each.path}: ${each.reason instanceof Error ? each.reason.message : String(each.reason)}`,
  );
  throw storeError(
    'CORRUPTION',
    `Neither ${path} nor its .bak can be read (${reasons.join('; ')}). Put back one of them from a copy; nothing was changed.`,
    {
      details: { path: first.path },
      cause: first.reason,
    },
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw systemError(error, 'read a config file', path);
  }
}

/** Replaces file and `.bak`. `previous` is the last good content, undefined when there was none. */
export async function replaceConfig(
  path: string,
  temporaryFolder: string,
  text: string,
  previous: string | undefined,
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await mkdir(temporaryFolder, { recursive: true });
    if (previous !== undefined) await replaceFile(`${path}.bak`, temporaryFolder, previous);
    await replaceFile(path, temporaryFolder, text);
  } catch (error) {
    throw systemError(error, 'save a config file', path);
  }
}

async function replaceFile(path: string, temporaryFolder: string, text: string): Promise<void> {
  const temporary = join(temporaryFolder, basename(path));
  const file = await open(temporary, 'w');
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

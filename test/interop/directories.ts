/**
 * Where interop tests keep stores: temporary folders that go with the test, copies of a store, and the layouts that both sides use.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { StoreOptions } from '../../dist/index.js';
import type { RefereeSettings } from './referee.js';

/** File sizes that both stores must be told alike. */
export interface Layout {
  name: string;
  fileBytes: number;
  entriesPerFile: number;
}

/** Small enough to roll often; in the last one nothing rolls. */
export const layouts: readonly Layout[] = [
  { name: '8 KiB files, 10 entries', fileBytes: 8 * 1024, entriesPerFile: 10 },
  { name: '64 KiB files, 100 entries', fileBytes: 64 * 1024, entriesPerFile: 100 },
  { name: '1 MiB files, 1,000 entries', fileBytes: 1024 * 1024, entriesPerFile: 1_000 },
];

/** How RocketMQ wrote a directory. Each way on the smallest files, and half of them on the others: every run of it costs seconds. */
export interface Written {
  layout: Layout;
  appendPropCRC: boolean;
  exit: 'clean' | 'halt';
}

export const waysToWrite: readonly Written[] = layouts.flatMap((layout, k) =>
  [false, true].flatMap((appendPropCRC) =>
    (['clean', 'halt'] as const)
      .filter((exit) => k === 0 || appendPropCRC === (exit === 'halt'))
      .map((exit) => ({ layout, appendPropCRC, exit })),
  ),
);

export function forUs(layout: Layout): StoreOptions {
  return {
    commitLog: { fileBytes: layout.fileBytes },
    consumeQueue: { entriesPerFile: layout.entriesPerFile },
    index: { slotsPerFile: 1_000, entriesPerFile: 4_000 },
  };
}

export function forJava(layout: Layout): RefereeSettings {
  return { commitLogBytes: layout.fileBytes, queueEntries: layout.entriesPerFile };
}

/**
 * For `recoverMaxFiles`, where a killed writer of very small files is recovered by RocketMQ: either store can be further ahead of its queues
 * than the ten files that RocketMQ looks at by default.
 */
export const manyFiles = 1_000;

/** A path for a store that does not exist yet; whatever is made there goes when the test ends. */
export function newDirectory(): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-interop-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return join(root, 'store');
}

/** Readers change what they open (`abort`, recovery): each gets a copy of its own. */
export function copyOf(directory: string): string {
  const copy = newDirectory();
  cpSync(directory, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

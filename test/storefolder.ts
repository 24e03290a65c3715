/** Stores for tests: each in a folder of its own that goes with the test, and closed at the latest then. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MessageStore, type StoreOptions } from '../ts/index.js';

/** A path for a store that does not exist yet. */
export function storeFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  // Thousands of files take their time on a busy disk.
  onTestFinished(() => rmSync(root, { recursive: true, force: true }), 120_000);
  return join(root, 'store');
}

/** Opens a store; the test may close it earlier, and does when it wants to see how that goes. */
export async function openStore(directory: string, options?: StoreOptions): Promise<MessageStore> {
  const store = await MessageStore.open(directory, options);
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

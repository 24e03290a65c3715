/** Directories that the first version left open in this one and read as they did; and this one still writes the same logs. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { MessageStore } from '../ts/index.js';
import { openStore, storeFolder } from './storefolder.js';

const golden = fileURLToPath(new URL('./golden/', import.meta.url));
const make = join(golden, 'make.mjs');
const { contents, lookUps, indexShape } = (await import(make)) as {
  indexShape: { slotsPerFile: number; entriesPerFile: number; tags: boolean };
  contents: (store: MessageStore) => Promise<Contents>;
  lookUps: (store: MessageStore) => Promise<Record<string, readonly number[]>>;
};

interface Contents {
  readonly end: number;
  readonly topics: Readonly<Record<string, readonly { readonly minOffset: number; readonly maxOffset: number }[]>>;
}
const expected = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8')) as {
  readonly clean: Contents;
  readonly unclean: Contents;
  readonly indexed: Contents & { readonly lookUps: Readonly<Record<string, readonly number[]>> };
};

function copyOf(name: string): string {
  const directory = storeFolder();
  cpSync(join(golden, name), directory, { recursive: true });
  return directory;
}

/** The files of the log and of the consume queues, or of other parts, by name. */
function filesOf(directory: string, parts: readonly string[] = ['commitlog', 'consumequeue']): Map<string, string> {
  const files = new Map<string, string>();
  for (const part of parts) {
    for (const entry of readdirSync(join(directory, part), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(path.slice(directory.length), readFileSync(path).toString('base64'));
    }
  }
  return files;
}

describe.each(['clean', 'unclean', 'indexed'] as const)('the %s golden store', (name) => {
  test.each([true, false])('opens with readOnly %s and reads as it did', async (readOnly) => {
    const store = await openStore(copyOf(name), { readOnly });
    expect(store.recovery).toMatchObject({ cleanShutdown: name !== 'unclean', truncatedFrom: undefined, lost: [] });
    expect(await contents(store)).toMatchObject({ end: expected[name].end, topics: expected[name].topics });
  });

  test('goes on where it ended, and reads the same after that', async () => {
    const directory = copyOf(name);
    let store = await openStore(directory);
    for (const [topic, queues] of Object.entries(expected[name].topics)) {
      for (const [queueId, { maxOffset }] of queues.entries()) {
        const receipt = await store.append({ topic, queueId, body: 'one more' });
        expect(receipt.offset).toBe(maxOffset);
        expect(receipt.position).toBeGreaterThanOrEqual(expected[name].end);
      }
    }
    await store.close();
    store = await openStore(directory);
    expect(store.recovery).toMatchObject({ cleanShutdown: true, rebuiltQueueEntries: 0, lost: [] });
    for (const [topic, queues] of Object.entries((await contents(store)).topics)) {
      for (const [queueId, { maxOffset }] of queues.entries()) {
        expect(maxOffset).toBe((expected[name].topics[topic]?.[queueId]?.maxOffset ?? 0) + 1);
      }
    }
  });
});

test('the unclean one was left with consume queues behind its log', async () => {
  const store = await openStore(copyOf('unclean'));
  expect(store.recovery.rebuiltQueueEntries).toBeGreaterThan(0);
  expect(store.recovery.recoveredMessages).toBeGreaterThan(0);
});

test('the unclean one reads the same where nothing is known of the boot that it was left in', async () => {
  const directory = copyOf('unclean');
  const path = join(directory, 'millrace', 'watermarks');
  // The third and the fourth block hold what counts only until the next boot.
  writeFileSync(path, readFileSync(path).fill(0, 8192));
  for (const readOnly of [true, false]) {
    const store = await openStore(directory, { readOnly });
    expect(store.recovery).toMatchObject({ cleanShutdown: false, truncatedFrom: undefined, lost: [] });
    expect(await contents(store)).toEqual(expected.unclean);
  }
});

describe('the index of the golden store', () => {
  const { lookUps: answers } = expected.indexed;

  test.each([true, false])('answers as it did, with readOnly %s, and stays as it is', async (readOnly) => {
    const directory = copyOf('indexed');
    const store = await openStore(directory, readOnly ? { readOnly } : { index: indexShape });
    expect(await lookUps(store)).toEqual(answers);
    if (!readOnly) expect(store.stats()).toMatchObject({ indexFiles: 4, indexedKeys: 0, indexBacklogBytes: 0 });
    await store.close();
    expect(filesOf(directory, ['index'])).toEqual(filesOf(join(golden, 'indexed'), ['index']));
  });

  test('made anew from the log has the same bytes, and so have the same calls at the same times', async () => {
    const folder = storeFolder();
    execFileSync(process.execPath, [make, '--indexed', folder], { env: { ...process.env, TZ: 'UTC' }, stdio: 'ignore' });
    const parts = ['commitlog', 'consumequeue', 'index'];
    expect(filesOf(join(folder, 'indexed'), parts)).toEqual(filesOf(join(golden, 'indexed'), parts));

    const directory = copyOf('indexed');
    for (const lost of ['index', 'millrace/index']) rmSync(join(directory, lost), { recursive: true });
    const store = await openStore(directory, { index: indexShape });
    expect(await lookUps(store)).toEqual(answers);
    await store.close();
    const bytesOf = (of: string): string[] => [...filesOf(of, ['index']).values()];
    expect(bytesOf(directory)).toEqual(bytesOf(join(golden, 'indexed')));
  });
});

test('the same calls at the same times make the same log and the same consume queues, byte for byte', () => {
  const folder = storeFolder();
  execFileSync(process.execPath, [make, folder]);
  expect(filesOf(join(folder, 'clean'))).toEqual(filesOf(join(golden, 'clean')));
  expect(readFileSync(join(folder, 'clean', 'config', 'topics.json'), 'utf8')).toBe(
    readFileSync(join(golden, 'clean', 'config', 'topics.json'), 'utf8'),
  );
});

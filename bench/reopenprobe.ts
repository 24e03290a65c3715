/**
 * Kills a writer at full speed and opens what it left, twice: as it is, and as if the side-car had never been.
 *
 * The first round writes until the log has `mebibytes`, usually a little more than 1 GiB, the later ones 64 MiB more each. Whoever opened the store is
 * killed too, so that the next one finds it unclean. Before the second opening every file is read once: the goal speaks of a
 * log in cache.
 */
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from './child.js';
import type { Sample } from './figures.js';
import type { Probe } from './harness.js';

const moreBytes = 64 * 2 ** 20;

export function reopenProbe(parent: string, rounds: number, mebibytes = 1088): Probe {
  const directory = join(parent, 'reopen');
  let written = mebibytes * 2 ** 20 - moreBytes;
  return {
    name: 'reopen/killed',
    title: 'opening after a kill at full speed, 1 GiB',
    rounds,
    run: async () => {
      written = await writeAndKill(directory, written + moreBytes);
      const asLeft = await openAndKill(directory);
      await rm(join(directory, 'millrace'), { recursive: true, force: true });
      await readAll(join(directory, 'commitlog'));
      const bare = await openAndKill(directory);
      return {
        openMillis: asLeft.openMillis ?? Number.NaN,
        scannedMiB: asLeft.scannedMiB ?? Number.NaN,
        bareOpenMillis: bare.openMillis ?? Number.NaN,
        bareSyncMillis: bare.syncMillis ?? Number.NaN,
        bareScannedMiB: bare.scannedMiB ?? Number.NaN,
        bareScanBytesPerSecond: bare.scanBytesPerSecond ?? Number.NaN,
        memoryMiB: Math.max(asLeft.memoryMiB ?? 0, bare.memoryMiB ?? 0),
      };
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Resolves with the position that the writer had reported when it was killed. */
export async function writeAndKill(directory: string, until: number): Promise<number> {
  const writer = new Child({ name: 'writer', directory, millis: 0, parameters: {} });
  try {
    return await new Promise<number>((resolve, reject) => {
      writer.onPosition = (position) => {
        if (position >= until) resolve(position);
      };
      // The round has no end of its own: it rejects when the writer dies, which is too late to matter unless it died before.
      writer.round().catch(reject);
    });
  } finally {
    await writer.kill();
  }
}

export async function openAndKill(directory: string): Promise<Sample> {
  const opener = new Child({ name: 'open', directory, millis: 0, parameters: {} });
  try {
    return await opener.round();
  } finally {
    await opener.kill();
  }
}

/** Brings the bytes of the files in a folder into memory, in the order of their names, `most` of them at least. */
export async function readAll(directory: string, most = Number.POSITIVE_INFINITY): Promise<void> {
  const buffer = Buffer.allocUnsafe(2 ** 20);
  let read = 0;
  for (const name of (await readdir(directory)).sort()) {
    const file = await open(join(directory, name));
    try {
      for (let got = -1; got !== 0 && read < most; read += got) got = (await file.read(buffer, 0, buffer.length)).bytesRead;
    } finally {
      await file.close();
    }
  }
}

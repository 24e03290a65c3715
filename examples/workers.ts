/**
 * One thread appends, others read: each worker opens the directory for itself, read-only, and follows what the main thread appends.
 *
 *   node workers.js <directory> [--readers <count>] [--messages <count>]
 *
 * A store object stays in the thread that opened it. What the threads share is the directory, and the system's page cache over it.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { MessageStore } from 'millrace';

const topic = 'readings';
const queues = 2;

interface Task {
  readonly directory: string;
  readonly name: string;
  readonly messages: number;
}

/** Reads until it has seen `messages`, each queue in order, and tells how many bytes they had. */
async function follow({ directory, name, messages }: Task): Promise<void> {
  // Takes no lock and changes nothing: the writer need not know, and a worker that is terminated leaves nothing behind.
  await using store = await MessageStore.open(directory, { readOnly: true });
  const next = new Array<number>(queues).fill(0);
  let seen = 0;
  let bytes = 0;
  for await (const { queueId, offset, body } of store.subscribe({ topic })) {
    if (offset !== next[queueId]) throw new Error(`${name}: offset ${offset} of queue ${queueId} after ${next[queueId]}`);
    next[queueId] = offset + 1;
    bytes += body.length;
    if (++seen === messages) break;
  }
  parentPort?.postMessage(`${name}: ${seen} messages in order, ${bytes} bytes`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { readers: { type: 'string', default: '3' }, messages: { type: 'string', default: '10000' } },
  });
  const [directory] = positionals;
  if (directory === undefined) throw new Error('usage: workers <directory> [--readers <count>] [--messages <count>]');
  const messages = Number(values.messages);
  await using store = await MessageStore.open(directory, { flush: 'async', defaultQueues: queues });
  const there = store.topic(topic)?.queues.reduce((sum, { maxOffset }) => sum + maxOffset, 0) ?? 0;

  const readers = Array.from({ length: Number(values.readers) }, (_, i) => {
    const task: Task = { directory, name: `reader ${i}`, messages: there + messages };
    const worker = new Worker(new URL(import.meta.url), { workerData: task });
    worker.on('message', (line) => console.log(line));
    return new Promise<void>((resolve, reject) => worker.once('error', reject).once('exit', () => resolve()));
  });

  // Five hundred at a time: many share one write, and what is on its way stays bounded.
  for (let appended = 0; appended < messages; ) {
    const wave: Promise<unknown>[] = [];
    for (; wave.length < 500 && appended < messages; appended++) {
      wave.push(store.append({ topic, queueId: appended % queues, body: `reading ${appended}` }));
    }
    await Promise.all(wave);
  }
  await Promise.all(readers);
  console.log(`${messages} appended`);
}

await (isMainThread ? main() : follow(workerData as Task));

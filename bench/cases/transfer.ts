/**
 * How fast do records go from the log to a socket, and what does a byte cost this process?
 *
 * 64 MiB of records of `recordBytes` (default 1 KiB) are written once to the queue that is sent; with `queues` of 2, as many to
 * another one between them, so that no record that is sent has a neighbour. Then each round sends for its time, from the
 * beginning again at the end, to the receiver of the limits program (native/socket_limits.cc). Parameters: `port` of the
 * receiver, `queues`, and `way`: `transfer`, 8 MiB a call; `copy`, a loop of `readRaw` and `socket.write` that waits for `drain`;
 * `short`, transfers of a header and one record, one after the other. Processor time is that of the whole process, all threads.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { MessageStore } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { aroundBody, makeMessages, topic } from './messages.js';

const sentBytes = 64 * 2 ** 20;
const pendingBytes = 16 * 2 ** 20;
const long = { maxMessages: 2 ** 16, maxBytes: 8 * 2 ** 20, maxScanned: 2 ** 16 };
/** As much as is fast: more at a time falls out of the processor's cache, less is more turns of the event loop. */
const copied = { maxMessages: 1024, maxBytes: 256 * 1024 };
const header = new Uint8Array(64);

/** Sends once from `offset`: the bytes, and where to go on. */
type Step = (store: MessageStore, socket: Socket, offset: number) => Promise<{ bytes: number; nextOffset: number }>;

const ways: Readonly<Record<string, Step>> = {
  transfer: (store, socket, offset) => store.transfer(socket, topic, 0, offset, long),
  short: (store, socket, offset) => store.transfer(socket, topic, 0, offset, { maxMessages: 1, header: () => header }),
  copy: async (store, socket, offset) => {
    const { bytes: data, nextOffset } = await store.readRaw(topic, 0, offset, copied);
    if (!socket.write(data)) await once(socket, 'drain');
    return { bytes: data.length, nextOffset };
  },
};

export async function transferCase(job: Job): Promise<Case> {
  const step = ways[String(job.parameters.way)];
  if (step === undefined) throw new Error('the way is transfer, copy or short');
  const queues = Number(job.parameters.queues);
  const recordBytes = Number(job.parameters.recordBytes ?? 1024);
  const count = sentBytes / recordBytes;
  const inFlight = Math.min(128, pendingBytes / recordBytes);
  const store = await MessageStore.open(job.directory, { flush: 'async' });
  await store.createTopic(topic, { queues });
  const messages = makeMessages(inFlight, recordBytes - aroundBody).flatMap((message) =>
    Array.from({ length: queues }, (_, queueId) => ({ ...message, queueId })),
  );
  for (let written = 0; written < count; written += inFlight) await Promise.all(messages.map((message) => store.append(message)));
  await store.flush();
  const { bytes: data } = await store.readRaw(topic, 0, 0, { maxMessages: 1 });
  if (data.length !== recordBytes) throw new Error(`a record is ${data.length} bytes`);
  const socket = connect(Number(job.parameters.port), '127.0.0.1');
  await once(socket, 'connect');

  let offset = 0;
  const send = async (millis: number): Promise<{ calls: number; bytes: number; seconds: number }> => {
    const begin = performance.now();
    let calls = 0;
    let bytes = 0;
    do {
      const sent = await step(store, socket, offset);
      offset = sent.nextOffset >= count ? 0 : sent.nextOffset;
      bytes += sent.bytes;
      calls++;
    } while (performance.now() - begin < millis);
    return { calls, bytes, seconds: (performance.now() - begin) / 1000 };
  };
  await send(200);

  return {
    round: async () => {
      await send(100); // what nobody used for a while, the system may have taken back
      const before = process.cpuUsage();
      const { calls, bytes, seconds } = await send(job.millis);
      const { user, system } = process.cpuUsage(before);
      const transfers = step === ways.short ? { transfersPerSecond: calls / seconds } : undefined;
      return { ...transfers, bytesPerSecond: bytes / seconds, cpuNanosPerKilobyte: ((user + system) * 1e6) / bytes };
    },
    close: async () => {
      socket.destroy();
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

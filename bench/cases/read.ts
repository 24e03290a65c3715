/**
 * How fast are messages read in order when they are in memory, and their bodies looked at?
 *
 * 128 MiB of bodies are written once; then each round reads all unmeasured, and for its time, from the beginning again at the end, and
 * touches one byte in 64 of every body: a read that nobody looks at would leave half of the memory traffic to the caller.
 * Parameters: `way` (`read`, `readSync`, `readRaw`, or a subscription's `messages` or `batches`), `bodyBytes`. With `once` of 1 a
 * round begins at the first message and ends with the last one: what it reads it has not read before, so that a cold store stays
 * cold.
 */
import { rm } from 'node:fs/promises';
import { MessageStore, type ReadResult, type StoredMessage } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, topic } from './messages.js';

const storedBytes = 128 * 2 ** 20;
const options = { maxMessages: 1024, maxBytes: 256 * 1024 };

export async function readCase(job: Job): Promise<Case> {
  const bodyBytes = Number(job.parameters.bodyBytes);
  const store = await MessageStore.open(job.directory, { flush: 'async' });
  const messages = makeMessages(100, bodyBytes);
  for (let bytes = 0; bytes < storedBytes; bytes += messages.length * bodyBytes) await store.appendBatch(messages);
  await store.flush();

  let sum = 0;
  let offset = 0;
  /** Bytes of the bodies, each of which was touched. */
  const touch = ({ body }: StoredMessage): number => {
    for (let i = 0; i < body.length; i += 64) sum += body[i] as number;
    return body.length;
  };
  const take = (result: ReadResult): number => {
    let bytes = 0;
    for (const message of result.messages) bytes += touch(message);
    offset = result.messages.length === 0 ? 0 : result.nextOffset;
    return bytes;
  };
  const ways: Readonly<Record<string, (until: () => boolean) => Promise<number>>> = {
    read: async (until) => {
      let bytes = 0;
      while (!until()) bytes += take(await store.read(topic, 0, offset, options));
      return bytes;
    },
    readSync: async (until) => {
      let bytes = 0;
      while (!until()) bytes += take(store.readSync(topic, 0, offset, options));
      return bytes;
    },
    readRaw: async (until) => {
      let bytes = 0;
      while (!until()) {
        const { bytes: data, messages: count, nextOffset } = await store.readRaw(topic, 0, offset, options);
        for (let i = 0; i < data.length; i += 64) sum += data[i] as number;
        bytes += count * bodyBytes;
        offset = count === 0 ? 0 : nextOffset;
      }
      return bytes;
    },
    messages: async (until) => {
      let bytes = 0;
      let count = 0;
      // The clock is looked at as often as by the others.
      while (!until()) {
        for await (const message of store.subscribe({ topic, untilEnd: true, ...options })) {
          bytes += touch(message);
          if (++count % 256 === 0 && until()) break;
        }
      }
      return bytes;
    },
    batches: async (until) => {
      let bytes = 0;
      while (!until()) {
        for await (const batch of store.subscribe({ topic, untilEnd: true, ...options }).batches()) {
          bytes += take(batch);
          if (until()) break;
        }
      }
      return bytes;
    },
  };
  const way = ways[String(job.parameters.way)];
  if (way === undefined) throw new Error(`no way to read is called ${String(job.parameters.way)}`);
  const last = store.queue(topic, 0).maxOffset;
  /** Between two rounds the system may take back what nobody used. */
  const warmUp = async (millis: number): Promise<void> => {
    for (offset = 0; offset < last; ) take(store.readSync(topic, 0, offset, options));
    const end = performance.now() + millis;
    await way(() => performance.now() >= end);
  };
  await warmUp(200);

  const isOnce = job.parameters.once === 1;
  return {
    round: async () => {
      if (isOnce) offset = 0;
      else await warmUp(20);
      const begin = performance.now();
      const bytes = await way(() => performance.now() - begin >= job.millis || (isOnce && offset >= last));
      const seconds = (performance.now() - begin) / 1000;
      if (bytes === 0 || sum === 0) throw new Error('nothing was read');
      return { messagesPerSecond: bytes / bodyBytes / seconds, bodyBytesPerSecond: bytes / seconds };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

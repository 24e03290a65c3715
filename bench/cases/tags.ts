/**
 * How many queue entries a second does a read go over that looks for few messages by their tag, everything in memory?
 *
 * 100,000 messages of 1 KiB are written once and read once; then each round goes over them for its time, from the beginning again
 * at the end. Parameters: `every` (default 1,000), of so many messages one has the tag; `way`: `filter`, the store filters and
 * hashes differ; `strings`, everything is read and its tag compared here; `collisions`, the store filters, but every message has
 * a tag with the wanted one's hash, so that each record has to be read and compared: the same scan as `filter`, without what the
 * entry's hash saves. With `once` of 1 a round ends with the last message.
 */
import { rm } from 'node:fs/promises';
import { MessageStore, type ReadResult } from 'millrace';
import type { Job } from '../child.js';
import type { Case } from '../worker.js';
import { makeMessages, topic } from './messages.js';

const count = 100_000;
const perBatch = 1000;
const limits = { maxMessages: 1024, maxBytes: 256 * 1024 };
const wanted = 'BB';

interface Way {
  /** The tag of all messages but those that are looked for. */
  readonly others: string;
  /** One read from `offset`, and how many messages it found. */
  readonly step: (store: MessageStore, offset: number) => [found: number, result: ReadResult];
}

const filtered: Way['step'] = (store, offset) => {
  const result = store.readSync(topic, 0, offset, { ...limits, tags: wanted });
  return [result.messages.length, result];
};

const ways: Readonly<Record<string, Way>> = {
  filter: { others: 'other', step: filtered },
  collisions: { others: 'Aa', step: filtered },
  strings: {
    others: 'other',
    step: (store, offset) => {
      const result = store.readSync(topic, 0, offset, limits);
      let found = 0;
      for (const { tags } of result.messages) if (tags === wanted) found++;
      return [found, result];
    },
  },
};

export async function tagsCase(job: Job): Promise<Case> {
  const way = ways[String(job.parameters.way)];
  if (way === undefined) throw new Error('the way is filter, strings or collisions');
  const every = Number(job.parameters.every ?? 1000);
  const isOnce = job.parameters.once === 1;
  const store = await MessageStore.open(job.directory, { flush: 'async' });
  const messages = makeMessages(perBatch, 1024).map((message, i) => ({
    ...message,
    tags: i % every === every / 2 ? wanted : way.others,
  }));
  for (let written = 0; written < count; written += perBatch) await store.appendBatch(messages);
  await store.flush();

  let offset = 0;
  /** Goes over entries until told; how many. */
  const scan = (until: (entries: number) => boolean): number => {
    let entries = 0;
    let found = 0;
    while (!until(entries)) {
      const [more, { nextOffset }] = way.step(store, offset);
      entries += nextOffset - offset;
      found += more;
      offset = nextOffset === count ? 0 : nextOffset;
    }
    if (Math.abs(found - entries / every) > 1) throw new Error(`${found} messages were found among ${entries}`);
    return entries;
  };
  scan((entries) => entries >= count);

  return {
    round: async () => {
      if (isOnce) offset = 0;
      else scan((done) => done >= count); // what nobody used for a while, the system may have taken back
      const begin = performance.now();
      const entries = scan((done) => performance.now() - begin >= job.millis || (isOnce && done >= count));
      return { entriesPerSecond: (entries * 1000) / (performance.now() - begin) };
    },
    close: async () => {
      await store.close();
      await rm(job.directory, { recursive: true, force: true });
    },
  };
}

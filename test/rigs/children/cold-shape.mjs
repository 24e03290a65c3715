/**
 * What the store of the cold reads looks like: message `n` has these topic, queue, keys, tags and store time. Many small files, more than a
 * store keeps open, so that reading opens and closes them all the time.
 */
export const options = {
  commitLog: { fileBytes: 2 * 1024 * 1024 },
  consumeQueue: { entriesPerFile: 100 },
  index: { slotsPerFile: 2000, entriesPerFile: 3000 },
};
export const topics = ['cold-0', 'cold-1', 'cold-2', 'cold-3'];
export const queues = 8;
export const bodyBytes = 1024;
const begin = 1_700_000_000_000;

export function messageOf(n) {
  return {
    topic: topics[n % topics.length],
    queueId: Math.floor(n / topics.length) % queues,
    keys: `key-${n}`,
    tags: n % 97 === 0 ? 'rare' : `tag-${n % 7}`,
  };
}

/** Three messages share a millisecond. */
export function timeOf(n) {
  return begin + Math.floor(n / 3);
}

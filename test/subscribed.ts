/** What tests of subscriptions share: stores to follow, and everything that a subscription yields. */
import type { MessageStore, StoredMessage, StoreOptions, SubscribeOptions } from '../ts/index.js';
import { openStore, storeFolder } from './storefolder.js';

export const small: StoreOptions = { commitLog: { fileBytes: 16 * 1024 }, consumeQueue: { entriesPerFile: 50 } };

export async function appendSome(store: MessageStore, topic: string, queueId: number, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.append({ topic, queueId, body: `${queueId}` });
}

/** A store with topic `T` of three queues: 5, 3 and no messages. */
export async function filled(options: StoreOptions = small): Promise<MessageStore> {
  const store = await openStore(storeFolder(), options);
  await store.createTopic('T', { queues: 3 });
  await appendSome(store, 'T', 0, 5);
  await appendSome(store, 'T', 1, 3);
  return store;
}

/** Queue and offset of each message until the subscription ends. */
export async function all(messages: AsyncIterable<StoredMessage>): Promise<string[]> {
  const seen: string[] = [];
  for await (const { queueId, offset } of messages) seen.push(`${queueId}:${offset}`);
  return seen;
}

export function upTo(store: MessageStore, options: Partial<SubscribeOptions>): Promise<string[]> {
  return all(store.subscribe({ topic: 'T', untilEnd: true, ...options }));
}

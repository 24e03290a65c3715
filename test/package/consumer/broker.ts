/** A broker's storage layer as its author would write it: compiled, never run, against the packed declarations. */
import { type Message, MessageStore, type Receipt, type StoredMessage, StoreError, type StoreOptions } from 'millrace';

const options: StoreOptions = {
  flush: { mode: 'sync', intervalMs: 200 },
  visibility: 'durable',
  commitLog: { fileBytes: 64 * 1024 * 1024, writeMode: 'pwrite' },
  defaultQueues: 4,
  onBackgroundError: (error) => process.emitWarning(`${error.code}: ${error.message}`),
};

export async function deliver(directory: string, signal: AbortSignal): Promise<readonly StoredMessage[]> {
  await using store = await MessageStore.open(directory, { ...options, signal });
  if (store.recovery.lost.length > 0) throw new Error(`lost: ${store.recovery.lost.map((range) => range.reason).join()}`);

  const message: Message = { topic: 'orders', body: 'one', tags: 'new', keys: ['order-1'], properties: { source: 'web' } };
  const receipt: Receipt = await store.append(message, { durability: 'durable', timeoutMs: 1000 });
  const receipts: readonly Receipt[] = await store.appendBatch([message, { ...message, body: new Uint8Array(3) }]);
  await store.reached('durable', receipt.position + receipt.size, { signal });

  const queue = store.queue(receipt.topic, receipt.queueId);
  const synchronous: Receipt = queue.appendSync({ body: 'two' });
  const { durable, visible } = await store.flush();
  if (visible > durable || receipts.length !== 2 || synchronous.offset < queue.minOffset) throw new Error('never');

  const result = await store.read(receipt.topic, receipt.queueId, 0, { maxMessages: 10 });
  const [first] = result.messages;
  // With noUncheckedIndexedAccess the first of none is undefined.
  const body: Buffer | undefined = first?.body;
  const copy: Message | undefined = first?.toMessage();
  if (body?.length === 0 || copy?.topic === '') throw new Error('never');
  await store.createTopic('payments', { queues: 2 });
  return result.messages;
}

export function advice(error: unknown): string {
  if (!(error instanceof StoreError)) throw error;
  switch (error.code) {
    case 'BUSY':
    case 'DISK_FULL':
      return error.retriable && error.stored === 'no' ? 'wait and repeat' : 'look';
    case 'LOCKED':
      return `somebody has ${error.details.path ?? 'it'}`;
    default:
      return error.message;
  }
}

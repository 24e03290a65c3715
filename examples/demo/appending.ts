/** Appends mails with many in flight, so that one sync serves many of them; in the order of the mails. */
import type { Queue, Receipt } from 'millrace';
import { type Mail, toMessage } from './mails.js';

const inFlight = 256;

/** Resolves when every mail from index `first` on is durable. `onReceipt` is called once for each, in no particular order. */
export async function appendFrom(
  queue: Queue,
  mails: readonly Mail[],
  first: number,
  onReceipt: (index: number, receipt: Receipt) => void,
): Promise<void> {
  let next = first;
  const sender = async (): Promise<void> => {
    for (let index = next++; index < mails.length; index = next++) {
      onReceipt(index, await queue.append(toMessage(mails[index] as Mail)));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
}

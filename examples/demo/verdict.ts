/**
 * Reads the queue back in order and says what differs from the mails that should be there.
 *
 * A mail is known by the id in its properties, so a lost one, one that came twice and one in the wrong place are told apart;
 * then its bytes, tag, key and time are compared.
 */
import type { MessageStore, StoredMessage } from 'millrace';
import type { Mail } from './mails.js';
import { topic } from './mails.js';
import type { Acknowledged } from './victim.js';

export interface Verdict {
  readonly mails: number;
  readonly bytes: number;
  readonly millis: number;
  /** Ids that should be there and are not. */
  readonly lost: readonly string[];
  /** Ids that are there more than once. */
  readonly duplicated: readonly string[];
  /** What else is wrong, a sentence each. */
  readonly different: readonly string[];
}

/** Compares everything readable with the first `expected` mails. */
export async function readBack(
  store: MessageStore,
  mails: readonly Mail[],
  expected: number,
  onProgress: (count: number) => void,
): Promise<Verdict> {
  const seen = new Set<string>();
  const duplicated: string[] = [];
  const different: string[] = [];
  const begin = performance.now();
  let bytes = 0;
  let offset = 0;
  for (;;) {
    const { messages, nextOffset, lost } = await store.read(topic, 0, offset, { maxMessages: 256 });
    for (const loss of lost) different.push(`offsets ${loss.fromOffset} to ${loss.toOffset - 1} are damaged`);
    for (const message of messages) {
      const id = message.properties.MAIL ?? '(no id)';
      if (seen.has(id)) duplicated.push(id);
      seen.add(id);
      bytes += message.body.length;
      different.push(...compare(message, mails[message.offset]));
    }
    if (nextOffset === offset) break;
    offset = nextOffset;
    onProgress(seen.size);
  }
  const lost = mails.slice(0, expected).filter(({ id }) => !seen.has(id));
  return { mails: seen.size, bytes, millis: performance.now() - begin, lost: lost.map(({ id }) => id), duplicated, different };
}

/** Looks every acknowledged mail up where its receipt says it is. Returns a sentence for each that is not there. */
export async function checkAcknowledged(
  store: MessageStore,
  mails: readonly Mail[],
  acknowledged: readonly Acknowledged[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [index, offset, position, size] of acknowledged) {
    const { messages } = await store.read(topic, 0, offset, { maxMessages: 1 });
    const [message] = messages;
    const mail = mails[index];
    if (message === undefined || message.offset !== offset)
      wrong.push(`${mail?.id} was acknowledged at offset ${offset} and is gone`);
    else if (message.position !== position || message.size !== size) wrong.push(`${mail?.id} is not where its receipt says`);
    else wrong.push(...compare(message, mail));
  }
  return wrong;
}

function compare(message: StoredMessage, mail: Mail | undefined): string[] {
  const at = `offset ${message.offset}`;
  if (mail === undefined) return [`${at}: no mail was appended there`];
  const wrong: string[] = [];
  if (message.properties.MAIL !== mail.id) wrong.push(`${at}: ${message.properties.MAIL} instead of ${mail.id}`);
  if (!message.body.equals(mail.body)) wrong.push(`${at}: the bytes of ${mail.id} differ`);
  if (message.tags !== mail.tag) wrong.push(`${at}: tag ${message.tags} instead of ${mail.tag}`);
  if (message.keys.join(' ') !== (mail.key ?? '')) wrong.push(`${at}: keys ${message.keys.join(' ')} instead of ${mail.key}`);
  if (mail.born !== undefined && message.bornTimestamp !== mail.born) wrong.push(`${at}: the time of ${mail.id} differs`);
  return wrong;
}

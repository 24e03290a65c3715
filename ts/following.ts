/** Everything of one store that follows a queue as it grows: subscriptions and waits, and what tells them that it did. */

import type { Source } from './cursor.js';
import type { StoreError } from './errors.js';
import type { Reader } from './reader.js';
import type { Session } from './session.js';
import { subscribe } from './subscription.js';
import { checkTopicName } from './topicname.js';
import type { Topics } from './topics.js';
import type { SubscribeOptions, Subscription } from './types/subscription.js';
import { Visibility } from './visibility.js';
import { waitForOffset } from './waitfor.js';
import type { WaitLimits } from './waiting.js';

export class Following {
  readonly #source: Source;

  constructor(session: Session, topics: Topics, reader: Reader, isReadOnly: boolean) {
    this.#source = { session, topics, reader, visibility: new Visibility(session, topics, isReadOnly) };
  }

  subscribe(options: SubscribeOptions): Subscription {
    return subscribe(this.#source, options);
  }

  waitFor(topic: string, queueId: number, offset: number, limits: WaitLimits | undefined): Promise<boolean> {
    const { topics, visibility } = this.#source;
    // What another program made may have any name.
    if (typeof topic !== 'string' || topics.get(topic) === undefined) checkTopicName(topic);
    return waitForOffset(visibility, topic, queueId, offset, limits);
  }

  /** What is visible may have moved. */
  look(): void {
    this.#source.visibility.look();
  }

  /** The log failed: what is visible stays readable, and whoever waits for more is told. */
  fail(failure: StoreError): void {
    this.#source.visibility.fail(failure);
  }

  /** Subscriptions end, waits reject. */
  close(): void {
    this.#source.visibility.close();
  }
}

/** What the handlers share: one of each for a broker. */
import type { MessageStore } from 'millrace';
import type { Clients } from './clients.js';
import type { ConsumerOffsets } from './offsets.js';

export interface Parts {
  readonly store: MessageStore;
  readonly offsets: ConsumerOffsets;
  readonly clients: Clients;
  readonly brokerName: string;
  /** `address:port` under which clients reach this broker. */
  readonly address: string;
}

/**
 * The receipt of one append: plain fields, made by the thousand.
 *
 * `messageId` is spelt out only when asked for, because most callers never look and hex costs more than the rest; spread does not copy it,
 * JSON does. Frozen would cost more than the object itself: treat it as frozen.
 */
import type { Durability, Receipt } from './types/append.js';

export class AppendReceipt implements Receipt {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly position: number;
  readonly size: number;
  readonly storeTimestamp: number;
  /** Given again when the append is acknowledged: it may have reached more than was asked for. */
  durability: Durability;
  readonly #hostHex: string;

  /** `hostHex`: see `messageIdHost`. */
  constructor(
    topic: string,
    queueId: number,
    offset: number,
    position: number,
    size: number,
    storeTimestamp: number,
    durability: Durability,
    hostHex: string,
  ) {
    this.topic = topic;
    this.queueId = queueId;
    this.offset = offset;
    this.position = position;
    this.size = size;
    this.storeTimestamp = storeTimestamp;
    this.durability = durability;
    this.#hostHex = hostHex;
  }

  get messageId(): string {
    return this.#hostHex + this.position.toString(16).toUpperCase().padStart(16, '0');
  }

  /** The same with another level. */
  as(durability: Durability): AppendReceipt {
    return this.#at(this.offset, this.position, this.size, durability);
  }

  /** Of messages of these sizes that follow each other in queue and log, this one the first. */
  andFollowing(sizes: Float64Array, durability: Durability): readonly AppendReceipt[] {
    const receipts: AppendReceipt[] = [];
    let { offset, position } = this;
    for (let i = 0; i < sizes.length; i++) {
      const size = sizes[i] as number;
      receipts.push(this.#at(offset, position, size, durability));
      offset++;
      position += size;
    }
    return receipts;
  }

  toJSON(): Receipt {
    return { ...this, messageId: this.messageId };
  }

  #at(offset: number, position: number, size: number, durability: Durability): AppendReceipt {
    return new AppendReceipt(this.topic, this.queueId, offset, position, size, this.storeTimestamp, durability, this.#hostHex);
  }
}

/** The first part of every message id of a store: address and port (as int32) of its host in upper-case hex. */
export function messageIdHost(host: { readonly bytes: Uint8Array; readonly port: number }): string {
  return Buffer.from(host.bytes).toString('hex').toUpperCase() + host.port.toString(16).toUpperCase().padStart(8, '0');
}

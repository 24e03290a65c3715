/**
 * Where a subscription stands in one queue, and its next batch from there.
 *
 * Decides what becomes of a read that found less than messages: a loss or an offset that is not there throws, or is told and stepped over, as
 * the subscription's rules say. A batch ends in front of a loss, so that everything before it is yielded first. A queue that is not there
 * yet begins at its first message. One read at a time.
 */
import { storeError } from './errors.js';
import type { Limits, Reader } from './reader.js';
import type { Session } from './session.js';
import type { SubscriptionRules } from './subscribeoptions.js';
import { offsetAt } from './timesearch.js';
import { queueNumbers } from './topicinfo.js';
import type { QueueState, Topics } from './topics.js';
import type { LostMessages, ReadResult } from './types/read.js';
import type { Batch } from './types/subscription.js';
import type { OffsetWaiter, Visibility } from './visibility.js';

/** The parts of the store that subscriptions read from. */
export interface Source {
  readonly session: Session;
  readonly topics: Topics;
  readonly reader: Reader;
  readonly visibility: Visibility;
}

/** What the cursors of one subscription share. */
export interface CursorOwner {
  readonly source: Source;
  readonly rules: SubscriptionRules;
  /** There is something to read. */
  cursorWoken(cursor: Cursor): void;
}

const nothingLost: readonly LostMessages[] = Object.freeze([]);

export class Cursor implements OffsetWaiter {
  readonly queueId: number;
  place: Set<OffsetWaiter> | undefined = undefined;
  /** There is more to read already. */
  isBehind = true;
  /** With `untilEnd`: it is there. */
  isDone = false;
  /** In the line of those with something to read. */
  following: Cursor | undefined = undefined;
  readonly #owner: CursorOwner;
  /** Undefined while the queue is not there. */
  #next: number | undefined;
  readonly #end: number | undefined;
  /** Where it begins, while that is being looked for. */
  #starting: Promise<number> | undefined;

  /** `isLate`: the queue was not there when the subscription began, so all its messages came since. */
  constructor(owner: CursorOwner, queueId: number, isLate: boolean) {
    this.#owner = owner;
    this.queueId = queueId;
    const { rules, source } = owner;
    const queue = source.topics.get(rules.topic)?.queues[queueId];
    const numbers = queue === undefined ? undefined : queueNumbers(queue, source.topics, source.session);
    this.#end = rules.untilEnd ? (numbers?.maxOffset ?? 0) : undefined;
    const from = isLate && rules.from === 'latest' ? 'earliest' : rules.from;
    if (queue !== undefined && !isLate && typeof from === 'object' && 'timestamp' in from) this.#startAt(queue, from.timestamp);
    else this.#next = startOf(from, queueId, numbers);
    this.isDone = this.#starting === undefined && this.#end !== undefined && (this.#next ?? 0) === this.#end;
  }

  get topic(): string {
    return this.#owner.rules.topic;
  }

  /** Where it goes on reading. */
  get offset(): number {
    return this.#next ?? 0;
  }

  /** It has a place to resume from. */
  get hasOffset(): boolean {
    return this.#next !== undefined;
  }

  wake(): void {
    this.#owner.cursorWoken(this);
  }

  /** Back to a message that was read and not yielded. */
  goBackTo(offset: number): void {
    this.#next = offset;
  }

  /** Undefined: nothing to yield, whether or not it got further. A promise when the bytes are not in memory. */
  read(): Batch | undefined | Promise<Batch | undefined> {
    if (this.#starting !== undefined) return this.#starting.then((offset) => this.#started(offset));
    const { topics, session, reader } = this.#owner.source;
    const queue = topics.get(this.topic)?.queues[this.queueId];
    const handle = queue === undefined ? -1 : topics.handle(queue);
    if (queue === undefined || handle < 0) {
      this.isBehind = false;
      this.isDone = this.#end !== undefined;
      return undefined;
    }
    this.#next ??= queueNumbers(queue, topics, session).minOffset;
    const found = reader.readSoon(handle, this.#next, this.#limits(this.#next));
    return found instanceof Promise ? found.then((result) => this.#take(result)) : this.#take(found);
  }

  /** At the first message stored at or after `timestamp`; of what is there now. */
  #startAt(queue: QueueState, timestamp: number): void {
    const { session, topics } = this.#owner.source;
    const handle = topics.handle(queue);
    if (handle < 0) return;
    const start = offsetAt(session, handle, timestamp, 'lower');
    if (typeof start === 'number') this.#next = start;
    else {
      this.#starting = start;
      start.catch(() => undefined); // told by the read that waits for it
    }
  }

  #started(offset: number): Batch | undefined | Promise<Batch | undefined> {
    this.#starting = undefined;
    this.#next = offset;
    this.isDone = this.#end !== undefined && offset >= this.#end;
    return this.isDone ? undefined : this.read();
  }

  #limits(at: number): Limits {
    const { limits } = this.#owner.rules;
    if (this.#end === undefined || at >= this.#end) return limits;
    const most = this.#end - at;
    return { ...limits, maxMessages: Math.min(limits.maxMessages, most), maxScanned: Math.min(limits.maxScanned, most) };
  }

  #take(result: ReadResult): Batch | undefined {
    const { status, messages, nextOffset, maxOffset } = result;
    const at = this.offset;
    const isGone = status === 'OFFSET_TOO_SMALL' || status === 'MESSAGE_WAS_REMOVING';
    const isBeyond = status === 'OFFSET_OVERFLOW_BADLY' || (status === 'NO_MESSAGE_IN_QUEUE' && at > 0);
    if (isGone || isBeyond) this.#correct(result);
    else if (result.lost.length > 0) return this.#takeLossy(result, result.lost[0] as LostMessages);
    else {
      this.#moveTo(nextOffset, maxOffset);
      if (messages.length > 0) return this.#batch(result);
    }
    return undefined;
  }

  #moveTo(offset: number, maxOffset: number): void {
    this.#next = offset;
    this.isBehind = offset < maxOffset;
    this.isDone = this.#end !== undefined && offset >= this.#end;
  }

  #batch(result: ReadResult): Batch {
    const { messages, nextOffset, minOffset, maxOffset, status, lost } = result;
    return { topic: this.topic, queueId: this.queueId, messages, nextOffset, minOffset, maxOffset, status, lost };
  }

  #correct({ status, minOffset, maxOffset, nextOffset }: ReadResult): void {
    const { onOutOfRange } = this.#owner.rules;
    if (onOutOfRange === 'throw') {
      throw storeError(
        'OFFSET_OUT_OF_RANGE',
        `Queue ${this.queueId} of topic "${this.topic}" goes from offset ${minOffset} to ${maxOffset}: ${this.offset} is not there. ` +
          'Subscribe with onOutOfRange earliest or latest, or from another offset.',
      );
    }
    // The queue may still name messages that the log has lost to age.
    const earliest = status === 'MESSAGE_WAS_REMOVING' ? nextOffset : minOffset;
    this.#moveTo(onOutOfRange === 'earliest' ? earliest : maxOffset, maxOffset);
  }

  #takeLossy(result: ReadResult, loss: LostMessages): Batch | undefined {
    const { topic, queueId } = this;
    const { onLost } = this.#owner.rules;
    if (loss.fromOffset > this.offset) return this.#upTo(result, loss.fromOffset, nothingLost);
    if (onLost === 'throw') {
      const range = loss.ranges[0];
      throw storeError(
        'CORRUPTION',
        `Damage destroyed the messages of queue ${queueId} of topic "${topic}" from offset ${loss.fromOffset} to before ${loss.toOffset}. ` +
          'Subscribe with onLost to go on behind them, or restore them from a copy.',
        range === undefined ? {} : { details: { path: range.file, position: range.from } },
      );
    }
    onLost({ ...loss, topic, queueId });
    return this.#upTo(result, result.lost[1]?.fromOffset ?? result.nextOffset, [loss]);
  }

  #upTo(result: ReadResult, nextOffset: number, lost: readonly LostMessages[]): Batch | undefined {
    const messages = result.messages.filter(({ offset }) => offset < nextOffset);
    this.#moveTo(nextOffset, result.maxOffset);
    return messages.length === 0 ? undefined : this.#batch({ ...result, messages, nextOffset, lost });
  }
}

function startOf(
  from: SubscriptionRules['from'],
  queueId: number,
  numbers: { minOffset: number; maxOffset: number } | undefined,
): number | undefined {
  if (typeof from === 'object' && 'offset' in from) return from.offset;
  if (typeof from === 'object' && 'offsets' in from) return from.offsets.get(queueId) ?? numbers?.minOffset;
  return from === 'latest' ? numbers?.maxOffset : numbers?.minOffset;
}

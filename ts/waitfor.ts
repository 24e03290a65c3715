/**
 * Waiting until an offset can be read: what a long poll waits on.
 *
 * Costs an entry in a set and a promise, and a timer only with `timeoutMs`. An offset before the first message that is left counts as readable: a
 * read says at once what is there instead. Settles once; keeps the process alive until then.
 */
import { checkWaitLimits, safeInteger } from './appendcheck.js';
import { abortError, type StoreError, storeError } from './errors.js';
import type { OffsetWaiter, Visibility, Waiting } from './visibility.js';
import type { WaitLimits } from './waiting.js';

const doing = 'wait for a message';
const longestMillis = 0x7fff_ffff;

class OffsetWait implements OffsetWaiter, Waiting {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  place: Set<OffsetWaiter> | undefined = undefined;
  readonly #visibility: Visibility;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (isThere: boolean) => void = nobody;
  #reject: (error: StoreError) => void = nobody;

  constructor(visibility: Visibility, topic: string, queueId: number, offset: number, signal: AbortSignal | undefined) {
    this.#visibility = visibility;
    this.topic = topic;
    this.queueId = queueId;
    this.offset = offset;
    this.#signal = signal;
  }

  begin(timeoutMs: number | undefined): Promise<boolean> {
    const promise = new Promise<boolean>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signal?.addEventListener('abort', this, { once: true });
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(expire, Math.min(timeoutMs, longestMillis), this);
    }
    this.#visibility.enter(this);
    return promise;
  }

  wake(): void {
    this.#end();
    this.#resolve(true);
  }

  expire(): void {
    this.#end();
    this.#resolve(false);
  }

  fail(error: StoreError): void {
    this.#end();
    this.#reject(error);
  }

  storeClosed(): void {
    this.fail(storeError('NOT_OPEN', `Cannot ${doing}: the store was closed.`));
  }

  /** The signal's. */
  handleEvent(): void {
    this.fail(abortError(doing, this.#signal as AbortSignal));
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this);
    this.#visibility.remove(this);
    this.#visibility.leave(this);
  }
}

function nobody(): void {}

function expire(wait: OffsetWait): void {
  wait.expire();
}

/** True once the offset is readable, false when the time is over first. ABORTED, FLUSH_FAILED, NOT_OPEN, INVALID_ARGUMENT. */
export function waitForOffset(
  visibility: Visibility,
  topic: string,
  queueId: number,
  offset: number,
  limits: WaitLimits | undefined,
): Promise<boolean> {
  safeInteger(queueId, 'queueId');
  safeInteger(offset, 'offset');
  checkWaitLimits(limits, doing);
  const wait = new OffsetWait(visibility, topic, queueId, offset, limits?.signal);
  if (!visibility.add(wait)) return Promise.resolve(true);
  const { failure } = visibility;
  if (failure === undefined && limits?.timeoutMs !== 0) return wait.begin(limits?.timeoutMs);
  visibility.remove(wait);
  return failure === undefined ? Promise.resolve(false) : Promise.reject(failure);
}

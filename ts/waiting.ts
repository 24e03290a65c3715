/**
 * Giving up a wait: by time, or by a signal. What was waited for goes on; only the caller stops waiting.
 */
import type { StoreError } from './errors.js';

export interface WaitLimits {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The promise, or a rejection when a limit comes first. Listeners and timers are gone once it settles; the timer keeps no process alive. */
export function withLimits<T>(
  promise: Promise<T>,
  limits: WaitLimits | undefined,
  onTimeout: () => StoreError,
  onAbort: (signal: AbortSignal) => StoreError,
): Promise<T> {
  const timeoutMs = limits?.timeoutMs;
  const signal = limits?.signal;
  if ((timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) && signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      finish();
      reject(onAbort(signal as AbortSignal));
    };
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
      timer = setTimeout(
        () => {
          finish();
          reject(onTimeout());
        },
        Math.min(timeoutMs, 0x7fff_ffff),
      );
    }
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    promise.then(
      (value) => {
        finish();
        resolve(value);
      },
      (error: unknown) => {
        finish();
        reject(error);
      },
    );
  });
}

package millrace.bench;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps so many messages in flight: who begins one waits until it may, and any thread ends it.
 *
 * The first failure is thrown to who begins or drains; it frees all that wait.
 */
public final class Pipeline {
  private final int depth;
  private final Semaphore free;
  private final Latencies latencies;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  public Pipeline(int depth, Latencies latencies) {
    this.depth = depth;
    this.free = new Semaphore(depth);
    this.latencies = latencies;
  }

  /** Waits until `messages` more may be in flight; the time at which they are. */
  public long begin(int messages) throws Exception {
    free.acquire(messages);
    check();
    return System.nanoTime();
  }

  public void end(long beganNanos, int messages) {
    latencies.record(beganNanos, System.nanoTime(), messages);
    free.release(messages);
  }

  public void fail(Throwable reason) {
    failure.compareAndSet(null, reason);
    free.release(depth);
  }

  /** Returns when nothing is in flight any more. */
  public void drain() throws Exception {
    free.acquire(depth);
    check();
  }

  private void check() throws Exception {
    Throwable reason = failure.get();
    if (reason != null) {
      throw new IllegalStateException("an append failed: " + reason, reason);
    }
  }
}

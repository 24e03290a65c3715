package millrace.bench;

/**
 * A store in which one thread writes a group of messages and then syncs them at once.
 *
 * Async there is no sync at all. Sync, each group is as many messages as may be in flight, and a message counts, and its time is
 * over, when the sync of its group has returned.
 */
public abstract class GroupedStore implements Store {
  private long next;

  /** Writes messages from number `first` on, `most` at most, at least one; how many. */
  protected abstract int write(AppendOrder order, Messages messages, long first, int most) throws Exception;

  /** Returns when all that was written is on the device. */
  protected abstract void sync() throws Exception;

  @Override
  public final long append(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception {
    return order.isSync() ? appendGroups(order, messages, pace, latencies) : appendAll(order, messages, pace);
  }

  private long appendAll(AppendOrder order, Messages messages, Pace pace) throws Exception {
    long before = next;
    int unit = order.unit();
    for (int taken = pace.take(unit); taken > 0; taken = pace.take(unit)) {
      for (int written = 0; written < taken;) {
        int count = write(order, messages, next, taken - written);
        written += count;
        next += count;
      }
    }
    return next - before;
  }

  private long appendGroups(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception {
    long before = next;
    long[] began = new long[order.inFlight()];
    int[] counts = new int[order.inFlight()];
    for (int taken = pace.take(order.inFlight()); taken > 0; taken = pace.take(order.inFlight())) {
      int calls = 0;
      for (int written = 0; written < taken; calls++) {
        began[calls] = System.nanoTime();
        counts[calls] = write(order, messages, next, taken - written);
        written += counts[calls];
        next += counts[calls];
      }
      sync();
      long ended = System.nanoTime();
      for (int i = 0; i < calls; i++) {
        latencies.record(began[i], ended, counts[i]);
      }
    }
    return next - before;
  }
}

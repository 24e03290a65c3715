package millrace.bench;

import org.HdrHistogram.ConcurrentHistogram;

/** How long appends took until they counted. Any thread may record. */
public final class Latencies {
  private static final int DIGITS = 3;
  private static final long LONGEST_NANOS = 3_600_000_000_000L;

  private final ConcurrentHistogram nanos = new ConcurrentHistogram(LONGEST_NANOS, DIGITS);

  public void record(long beganNanos, long endedNanos, int messages) {
    nanos.recordValueWithCount(Math.min(LONGEST_NANOS, Math.max(0, endedNanos - beganNanos)), messages);
  }

  double micros(double percentile) {
    return nanos.getValueAtPercentile(percentile) / 1000.0;
  }
}

package millrace.bench;

/** How long a loop goes on: until its time is over or it took so many messages. For one thread. */
public final class Pace {
  private final long end;
  private final int callsPerLook;
  private long left;
  private int calls;
  private boolean isOver;

  /** Looks at the clock once in `callsPerLook` calls. */
  public Pace(long millis, long messages, int callsPerLook) {
    this.end = System.nanoTime() + Math.min(millis, Integer.MAX_VALUE) * 1_000_000;
    this.left = messages;
    this.callsPerLook = callsPerLook;
  }

  /** How many more messages may be appended now, `wanted` at most; 0 at the end. */
  public int take(int wanted) {
    if (++calls >= callsPerLook) {
      calls = 0;
      isOver |= System.nanoTime() >= end;
    }
    if (isOver || left <= 0) {
      return 0;
    }
    int taken = (int) Math.min(wanted, left);
    left -= taken;
    return taken;
  }
}

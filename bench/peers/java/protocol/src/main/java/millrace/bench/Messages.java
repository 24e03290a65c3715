package millrace.bench;

import java.util.SplittableRandom;

/**
 * Bodies of random bytes that take turns, and keys: all made before anything is measured, the same ones in every process.
 *
 * Message n has body n; so what was written can be told from what is read. Any thread may use it.
 */
public final class Messages {
  private static final int MOST_BODIES = 1000;
  private static final long MOST_BYTES = 64L << 20;
  /** So many that they reach every part of an index. */
  private static final int KEYS = 16_384;

  private final byte[][] bodies;
  private final String[] keys = new String[KEYS];

  public Messages(int bodyBytes) {
    SplittableRandom random = new SplittableRandom(bodyBytes);
    bodies = new byte[(int) Math.max(1, Math.min(MOST_BODIES, MOST_BYTES / bodyBytes))][bodyBytes];
    for (byte[] body : bodies) {
      random.nextBytes(body);
    }
    for (int i = 0; i < KEYS; i++) {
      keys[i] = "order-" + i;
    }
  }

  public byte[] body(long message) {
    return bodies[(int) (message % bodies.length)];
  }

  public String key(long message) {
    return keys[(int) (message % KEYS)];
  }

  public int bodyBytes() {
    return bodies[0].length;
  }
}

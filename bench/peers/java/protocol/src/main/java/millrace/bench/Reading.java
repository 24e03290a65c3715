package millrace.bench;

import com.alibaba.fastjson2.JSONObject;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A store of one queue that is read over and over.
 *
 * Filled once and read once, every body compared with what was written; that also brings the files into the page cache and the
 * code to the compiler. Then each round reads for its time, from the begin again at the end, and touches one byte in 64 of each
 * body.
 */
final class Reading implements AutoCloseable {
  private static final int TOUCH_EVERY = 64;
  private static final long WARM_MILLIS = 500;

  private final Path directory;
  private final Store store;
  private final int bodyBytes;
  private long verified;
  private long messages;
  private long sum;
  private Cursor cursor;

  private Reading(Path directory, Store store, int bodyBytes) {
    this.directory = directory;
    this.store = store;
    this.bodyBytes = bodyBytes;
  }

  static Reading fill(Peer peer, Path directory, Messages bodies, long bytes) throws Exception {
    AppendOrder order = AppendOrder.fill(directory.toString(), bodies.bodyBytes(), bytes, 1);
    peer.check(order);
    Store store = peer.create(directory, order);
    Reading reading = new Reading(directory, store, bodies.bodyBytes());
    try {
      Pace pace = new Pace(order.millis(), Math.max(1, bytes / bodies.bodyBytes()), 1);
      long written = store.append(order, bodies, pace, new Latencies());
      reading.verify(bodies, written);
      reading.pass(WARM_MILLIS);
      return reading;
    } catch (Exception failure) {
      reading.close();
      throw failure;
    }
  }

  JSONObject round(long millis) throws Exception {
    // Between two rounds the system may take back what nobody used.
    pass(WARM_MILLIS);
    messages = 0;
    long began = System.nanoTime();
    pass(millis);
    double seconds = (System.nanoTime() - began) / 1e9;
    if (messages == 0 || sum == 0) {
      throw new IllegalStateException("nothing was read");
    }
    return JSONObject.of("messagesPerSecond", messages / seconds, "bodyBytesPerSecond", messages * bodyBytes / seconds,
        "verifiedMessages", verified);
  }

  private void verify(Messages bodies, long written) throws Exception {
    long[] seen = {0};
    try (Cursor all = store.read()) {
      while (all.next((body, length) -> {
        if (!Arrays.equals(body, 0, length, bodies.body(seen[0]), 0, bodyBytes)) {
          throw new IllegalStateException("message " + seen[0] + " is not what was written");
        }
        seen[0]++;
      })) {
        continue;
      }
    }
    if (seen[0] != written) {
      throw new IllegalStateException(written + " messages were written, and " + seen[0] + " read");
    }
    verified = written;
  }

  private void pass(long millis) throws Exception {
    long end = System.nanoTime() + millis * 1_000_000;
    do {
      if (cursor == null) {
        cursor = store.read();
      }
      if (!cursor.next(this::touch)) {
        cursor.close();
        cursor = null;
      }
    } while (System.nanoTime() < end);
  }

  private void touch(byte[] body, int length) {
    for (int i = 0; i < length; i += TOUCH_EVERY) {
      sum += body[i] & 0xff;
    }
    messages++;
  }

  @Override
  public void close() throws Exception {
    if (cursor != null) {
      cursor.close();
    }
    store.discard();
    Folder.remove(directory);
  }
}

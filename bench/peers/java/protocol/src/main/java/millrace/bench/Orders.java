package millrace.bench;

import com.alibaba.fastjson2.JSONObject;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What each order does, for every peer alike: warm, measure, and say what was measured.
 *
 * Code that runs for the first time is not compiled yet: before the first measured append of its kind a store that is thrown away
 * gets the same appends for a while, on top of what the order itself warms.
 */
final class Orders implements AutoCloseable {
  private static final long FIRST_MILLIS = 1000;
  private static final long FIRST_BYTES = 128 << 20;
  private static final long FIRST_QUEUE_BYTES = 8 << 10;
  private static final int CALLS_PER_LOOK = 32;

  private final Peer peer;
  private final Map<Integer, Messages> messages = new HashMap<>();
  private final Set<String> warmed = new HashSet<>();
  private final Map<String, Reading> readings = new HashMap<>();
  /** What a fill or an open left open, to be shut down at the end. */
  private Store left;

  Orders(Peer peer) {
    this.peer = peer;
  }

  JSONObject obey(JSONObject order) throws Exception {
    switch (AppendOrder.text(order, "order")) {
      case "append":
        return append(AppendOrder.from(order));
      case "read":
        return read(order);
      case "fill":
        return fill(order);
      case "open":
        return open(order);
      default:
        throw new IllegalArgumentException("no order is called " + order.getString("order"));
    }
  }

  private JSONObject append(AppendOrder order) throws Exception {
    peer.check(order);
    if (order.threads() == 0 && peer.threadsToTry(order).length > 0) {
      return bestOf(order, peer.threadsToTry(order));
    }
    if (warmed.add(order.kind())) {
      measure(order.toCompile(FIRST_MILLIS, FIRST_BYTES));
    }
    return measure(order);
  }

  /** The better of several numbers of threads, each in a store of its own, and which it was. */
  private JSONObject bestOf(AppendOrder order, int[] threads) throws Exception {
    JSONObject best = null;
    for (int count : threads) {
      JSONObject sample = append(order.withThreads(count));
      sample.put("threads", count);
      if (best == null || sample.getDoubleValue("messagesPerSecond") > best.getDoubleValue("messagesPerSecond")) {
        best = sample;
      }
    }
    return best;
  }

  private JSONObject measure(AppendOrder order) throws Exception {
    Path directory = Folder.makeEmpty(order.directory());
    Messages bodies = messagesOf(order.bodyBytes());
    Latencies latencies = new Latencies();
    Store store = peer.create(directory, order);
    try {
      int callsPerLook = order.isSync() || order.isBatch() ? 1 : CALLS_PER_LOOK;
      // However long it takes: the first bytes of a queue make its files and its index.
      long first = Math.max(order.unit(), count(FIRST_QUEUE_BYTES, order)) * order.queues();
      store.append(order, bodies, new Pace(Long.MAX_VALUE, first, callsPerLook), new Latencies());
      if (order.warmBytes() > 0) {
        // Where every message waits for the device there is little to warm, and much to wait for.
        long warmMillis = order.isSync() ? order.millis() : 10 * order.millis();
        store.append(order, bodies, new Pace(warmMillis, count(order.warmBytes(), order), callsPerLook), new Latencies());
      }
      long bytesBefore = store.diskBytes();
      Pace pace = new Pace(order.millis(), count(order.mostBytes(), order), callsPerLook);
      long began = System.nanoTime();
      long done = store.append(order, bodies, pace, latencies);
      double seconds = (System.nanoTime() - began) / 1e9;
      if (done == 0) {
        throw new IllegalStateException("nothing was appended within " + order.millis() + " ms");
      }
      JSONObject sample = JSONObject.of("messagesPerSecond", done / seconds,
          "bodyBytesPerSecond", done * order.bodyBytes() / seconds,
          "diskBytesPerMessage", (store.diskBytes() - bytesBefore) / (double) done);
      if (order.isSync()) {
        sample.put("p50Micros", latencies.micros(50));
        sample.put("p99Micros", latencies.micros(99));
      }
      return sample;
    } finally {
      store.discard();
      Folder.remove(directory);
    }
  }

  private JSONObject read(JSONObject order) throws Exception {
    peer.checkRead();
    String directory = AppendOrder.text(order, "directory");
    int bodyBytes = AppendOrder.positive(order, "bodyBytes");
    Reading reading = readings.get(directory);
    if (reading == null) {
      reading = Reading.fill(peer, Folder.makeEmpty(directory), messagesOf(bodyBytes), order.getLongValue("bytes"));
      readings.put(directory, reading);
    }
    return reading.round(AppendOrder.positive(order, "millis"));
  }

  private JSONObject fill(JSONObject json) throws Exception {
    AppendOrder order = AppendOrder.fill(AppendOrder.text(json, "directory"), AppendOrder.positive(json, "bodyBytes"),
        json.getLongValue("bytes"), AppendOrder.positive(json, "queues"));
    peer.check(order);
    leave(peer.create(Folder.makeEmpty(order.directory()), order));
    long began = System.nanoTime();
    Pace pace = new Pace(order.millis(), count(order.mostBytes(), order), 1);
    long done = left.append(order, messagesOf(order.bodyBytes()), pace, new Latencies());
    return JSONObject.of("millis", (System.nanoTime() - began) / 1e6, "bodyBytes", done * order.bodyBytes());
  }

  private JSONObject open(JSONObject order) throws Exception {
    Path directory = Path.of(AppendOrder.text(order, "directory"));
    long began = System.nanoTime();
    Store store = peer.open(directory);
    double millis = (System.nanoTime() - began) / 1e6;
    leave(store);
    return JSONObject.of("openMillis", millis, "messages", store.messages());
  }

  private void leave(Store store) throws Exception {
    if (left != null) {
      left.shutDown();
    }
    left = store;
  }

  private Messages messagesOf(int bodyBytes) {
    return messages.computeIfAbsent(bodyBytes, Messages::new);
  }

  private static long count(long bytes, AppendOrder order) {
    return Math.max(1, (bytes + order.bodyBytes() - 1) / order.bodyBytes());
  }

  @Override
  public void close() throws Exception {
    for (Reading reading : readings.values()) {
      reading.close();
    }
    readings.clear();
    if (left != null) {
      left.shutDown();
      left = null;
    }
  }
}

package millrace.bench;

import com.alibaba.fastjson2.JSONObject;

/** The order to append, as bench/peers/peer.ts has it. `threads` is 0 where the peer may choose. */
public record AppendOrder(String directory, boolean isSync, boolean isBatch, int batchSize, int bodyBytes, int queues, int inFlight,
    boolean hasKeys, long millis, long warmBytes, long mostBytes, int threads) {
  private static final int FILL_BATCH = 100;
  private static final int FILL_IN_FLIGHT = 1000;

  static AppendOrder from(JSONObject json) {
    return new AppendOrder(text(json, "directory"), oneOf(json, "durability", "sync", "async"), oneOf(json, "way", "batch", "each"),
        positive(json, "batchSize"), positive(json, "bodyBytes"), positive(json, "queues"), positive(json, "inFlight"),
        json.getBooleanValue("hasKeys"), positive(json, "millis"), json.getLongValue("warmBytes"), json.getLongValue("mostBytes"),
        json.getIntValue("threads"));
  }

  /** To fill a store as fast as the peer can, in batches, of which each queue gets its share, and at least one message. */
  static AppendOrder fill(String directory, int bodyBytes, long bytes, int queues) {
    long most = Math.max(bytes, (long) queues * bodyBytes);
    int batch = (int) Math.min(FILL_BATCH, most / bodyBytes / queues);
    return new AppendOrder(directory, false, batch > 1, batch, bodyBytes, queues, FILL_IN_FLIGHT, false,
        Long.MAX_VALUE, 0, most, 0);
  }

  /** The same to one queue, so long or so many bytes: what compiles the code that it runs. */
  AppendOrder toCompile(long otherMillis, long otherBytes) {
    return new AppendOrder(directory, isSync, isBatch, batchSize, bodyBytes, 1, inFlight, hasKeys, otherMillis, 0,
        Math.min(mostBytes, otherBytes), threads);
  }

  public AppendOrder withThreads(int other) {
    return new AppendOrder(directory, isSync, isBatch, batchSize, bodyBytes, queues, inFlight, hasKeys, millis,
        warmBytes, mostBytes, other);
  }

  /** Messages in one call: no more than may wait at a time. */
  public int unit() {
    if (!isBatch) {
      return 1;
    }
    return isSync ? Math.min(batchSize, inFlight) : batchSize;
  }

  /** The code that it runs. */
  String kind() {
    return (isSync ? "sync " : "async ") + (isBatch ? "batch" : "each") + (hasKeys ? " keys" : "")
        + (threads > 0 ? " by " + threads : "");
  }

  static String text(JSONObject json, String name) {
    String value = json.getString(name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  static int positive(JSONObject json, String name) {
    int value = json.getIntValue(name);
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be a positive number, not " + json.get(name));
    }
    return value;
  }

  /** Whether it is `yes`; anything but `yes` and `no` is refused. */
  private static boolean oneOf(JSONObject json, String name, String yes, String no) {
    String value = text(json, name);
    if (!value.equals(yes) && !value.equals(no)) {
      throw new IllegalArgumentException(name + " must be " + yes + " or " + no + ", not " + value);
    }
    return value.equals(yes);
  }
}

package millrace.bench.artemis;

import java.nio.file.Path;
import millrace.bench.AppendOrder;
import millrace.bench.Peer;
import millrace.bench.Store;
import millrace.bench.UnsupportedException;
import org.apache.activemq.artemis.core.io.SequentialFileFactory;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;

/** Apache Artemis' journal over NIO. */
public class ArtemisPeer implements Peer {
  /**
   * What is asked to be synced waits for this or for the sync before it, whichever is longer. Shorter than any sync: the default
   * suits a disk that syncs 300 times a second.
   */
  static final int BUFFER_TIMEOUT_NANOS = 20_000;
  static final int BUFFER_BYTES = 490 * 1024;
  /** More than it writes: files for as much are prepared. */
  private static final long SYNC_BYTES_A_MILLI = 300_000;
  private static final long ASYNC_BYTES_A_MILLI = 1_500_000;

  @Override
  public String version() {
    return "artemis-journal 2.56.0";
  }

  @Override
  public String configuration() {
    return "JournalImpl over NIO" + settings();
  }

  /** What both kinds of file share. */
  static String settings() {
    return " in process, files of 10 MiB written with zeros before the measured time, buffer of 490 KiB, buffer timeout 0.02 "
        + "ms (default 3.33 over NIO, 0.5 with libaio), datasync; one journal for all queues, the queue's number before "
        + "the body; each: appendAddRecord with a callback, pipelined; batch: one transaction; async: the same without "
        + "sync, counted once written; opening: load of every record";
  }

  SequentialFileFactory files(Path directory) throws Exception {
    return new NIOSequentialFileFactory(directory.toFile(), true, BUFFER_BYTES, BUFFER_TIMEOUT_NANOS, 1, false);
  }

  @Override
  public void check(AppendOrder order) throws UnsupportedException {
    if (order.hasKeys()) {
      throw new UnsupportedException("the journal has no index of keys");
    }
    if (order.threads() > 0) {
      throw new UnsupportedException("one thread pipelines as many as may be in flight");
    }
  }

  @Override
  public void checkRead() throws UnsupportedException {
    throw new UnsupportedException("the journal is read only while it loads, all of it");
  }

  @Override
  public Store create(Path directory, AppendOrder order) throws Exception {
    long reach = 2 * order.millis() * (order.isSync() ? SYNC_BYTES_A_MILLI : ASYNC_BYTES_A_MILLI);
    return new ArtemisStore(files(directory), Math.min(order.warmBytes() + order.mostBytes(), reach), order.bodyBytes());
  }

  @Override
  public Store open(Path directory) throws Exception {
    return new ArtemisStore(files(directory), 0, 1);
  }
}

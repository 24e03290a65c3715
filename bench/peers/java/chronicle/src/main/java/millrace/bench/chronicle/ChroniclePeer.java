package millrace.bench.chronicle;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import millrace.bench.AppendOrder;
import millrace.bench.Peer;
import millrace.bench.Store;
import millrace.bench.UnsupportedException;

/** Chronicle Queue, one a queue. */
public final class ChroniclePeer implements Peer {
  @Override
  public String version() {
    return "chronicle-queue 2026.4";
  }

  @Override
  public String configuration() {
    return "ChronicleQueue in process, one a queue, roll cycle and block size as they are by default, no checksum; each and "
        + "batch: writingDocument for each message from 1 thread, there is no call for several; sync: SyncMode.SYNC and "
        + "appender.sync of the queues written, once for all that may be in flight; read: readingDocument, copied into an "
        + "array that is used again";
  }

  @Override
  public void check(AppendOrder order) throws UnsupportedException {
    if (order.hasKeys()) {
      throw new UnsupportedException("it has no index of keys");
    }
    if (order.threads() > 0) {
      throw new UnsupportedException("one thread is its fastest; its syncs are not shared");
    }
  }

  @Override
  public Store create(Path directory, AppendOrder order) {
    List<Path> folders = IntStream.range(0, order.queues()).mapToObj(queue -> directory.resolve("bench-" + queue)).toList();
    return new ChronicleStore(folders, order.isSync());
  }

  @Override
  public Store open(Path directory) throws Exception {
    try (Stream<Path> folders = Files.list(directory)) {
      return new ChronicleStore(folders.filter(Files::isDirectory).sorted().toList(), false);
    }
  }
}

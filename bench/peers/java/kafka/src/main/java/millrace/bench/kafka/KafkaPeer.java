package millrace.bench.kafka;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import millrace.bench.AppendOrder;
import millrace.bench.Peer;
import millrace.bench.Store;
import millrace.bench.UnsupportedException;

/** Apache Kafka's `UnifiedLog`, one a queue. */
public final class KafkaPeer implements Peer {
  @Override
  public String version() {
    return "kafka-storage 4.4.0";
  }

  @Override
  public String configuration() {
    return "UnifiedLog.appendAsLeader in process, a log a queue, segments of 1 GiB, index files of 10 MiB (256 KiB where there "
        + "are several logs), no compression, MemoryRecordsBuilder on a reused buffer, building counted; each: one record a "
        + "batch; batch: 16 KiB, its producer's default (sync: all that may be in flight, to 1 MiB); sync: UnifiedLog.flush of "
        + "the logs written, once for all that may be in flight; read: UnifiedLog.read of 1 MiB, CRC of each batch, every "
        + "record parsed, value copied; opening: two recovery threads, no checkpoint of a recovery point, which a broker "
        + "writes once a minute";
  }

  @Override
  public void check(AppendOrder order) throws UnsupportedException {
    if (order.hasKeys()) {
      throw new UnsupportedException("a record has a key, but nothing finds it by that");
    }
    if (order.threads() > 0) {
      throw new UnsupportedException("one thread is its fastest; its flushes are not shared");
    }
  }

  @Override
  public Store create(Path directory, AppendOrder order) throws Exception {
    List<Path> logs = IntStream.range(0, order.queues()).mapToObj(queue -> directory.resolve("bench-" + queue)).toList();
    return KafkaStore.make(directory, logs);
  }

  @Override
  public Store open(Path directory) throws Exception {
    try (Stream<Path> folders = Files.list(directory)) {
      List<Path> logs = folders.filter(Files::isDirectory).sorted().toList();
      return KafkaStore.open(directory, logs);
    }
  }
}

package millrace.bench.chronicle;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import millrace.bench.AppendOrder;
import millrace.bench.Cursor;
import millrace.bench.GroupedStore;
import millrace.bench.Messages;
import net.openhft.chronicle.bytes.SyncMode;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;

/** Some queues, each with its appender. It serves once the end of each is found. */
final class ChronicleStore extends GroupedStore {
  private final List<ChronicleQueue> queues;
  private final List<ExcerptAppender> appenders;
  private final Set<ExcerptAppender> unsynced = new LinkedHashSet<>();
  private int turn;

  ChronicleStore(List<Path> folders, boolean isSync) {
    queues = folders.stream().map(folder -> open(folder, isSync)).toList();
    appenders = queues.stream().map(ChronicleQueue::createAppender).toList();
    queues.forEach(ChronicleQueue::lastIndex);
  }

  private static ChronicleQueue open(Path folder, boolean isSync) {
    return SingleChronicleQueueBuilder.single(folder.toString()).syncMode(isSync ? SyncMode.SYNC : SyncMode.NONE).build();
  }

  @Override
  protected int write(AppendOrder order, Messages messages, long first, int most) {
    ExcerptAppender appender = appenders.get(turn);
    turn = turn + 1 == appenders.size() ? 0 : turn + 1;
    try (DocumentContext document = appender.writingDocument()) {
      document.wire().bytes().write(messages.body(first));
    }
    if (order.isSync()) {
      unsynced.add(appender);
    }
    return 1;
  }

  @Override
  protected void sync() {
    unsynced.forEach(ExcerptAppender::sync);
    unsynced.clear();
  }

  /** Its file begins with the index, so positions are of everything. */
  @Override
  public long diskBytes() {
    long bytes = 0;
    for (ExcerptAppender appender : appenders) {
      bytes += appender.wire() == null ? 0 : appender.wire().bytes().writePosition();
    }
    return bytes;
  }

  @Override
  public long messages() {
    return queues.stream().mapToLong(ChronicleStore::count).sum();
  }

  private static long count(ChronicleQueue queue) {
    long[] seen = {0};
    try (ChronicleCursor cursor = new ChronicleCursor(queue.createTailer().toStart())) {
      while (cursor.next((body, length) -> seen[0]++)) {
        continue;
      }
    }
    return seen[0];
  }

  @Override
  public Cursor read() {
    return new ChronicleCursor(queues.get(0).createTailer().toStart());
  }

  @Override
  public void shutDown() {
    appenders.forEach(ExcerptAppender::close);
    queues.forEach(ChronicleQueue::close);
  }

  @Override
  public void discard() {
    shutDown();
  }
}

package millrace.bench.kafka;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import millrace.bench.AppendOrder;
import millrace.bench.Cursor;
import millrace.bench.GroupedStore;
import millrace.bench.Messages;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/** Some logs in folders of one directory, in which a file tells, as a broker's does, that all were closed properly. */
final class KafkaStore extends GroupedStore {
  private static final String CLEAN_MARK = ".kafka_cleanshutdown";
  /** As many as a broker opens its logs with; new ones are made by more, since each waits for the device. */
  private static final int RECOVERY_THREADS = 2;
  private static final int MAKING_THREADS = 16;
  /** Of many logs: a file system may touch all of an index when its first entry is written. Enough for 85 MiB a segment. */
  private static final int SMALL_INDEX_BYTES = 256 << 10;
  private static final int SCHEDULER_THREADS = 1;
  private static final int TRANSACTION_TIMEOUT_MILLIS = 900_000;
  private static final int PRODUCER_EXPIRATION_MILLIS = 86_400_000;
  private static final int PRODUCER_CHECK_MILLIS = 600_000;
  private static final int FAILURES = 10;
  private static final int LEADER_EPOCH = 0;
  private static final int OFFSET_ENTRY_BYTES = 8;
  private static final int TIME_ENTRY_BYTES = 12;

  private final Path directory;
  private final KafkaScheduler scheduler = new KafkaScheduler(SCHEDULER_THREADS);
  private final BrokerTopicStats stats = new BrokerTopicStats();
  private final LogConfig config;
  private final LogDirFailureChannel failures = new LogDirFailureChannel(FAILURES);
  private final List<UnifiedLog> logs = new ArrayList<>();
  private final Set<UnifiedLog> unsynced = new LinkedHashSet<>();
  private final BatchBuilder builder = new BatchBuilder();
  private int turn;

  private KafkaStore(Path directory, List<Path> folders, boolean isClean, int openers) throws Exception {
    this.directory = directory;
    boolean isAlone = folders.size() == 1;
    this.config = new LogConfig(isAlone ? Map.of() : Map.of(TopicConfig.SEGMENT_INDEX_BYTES_CONFIG, SMALL_INDEX_BYTES));
    scheduler.startup();
    ExecutorService threads = Executors.newFixedThreadPool(openers);
    try {
      List<Future<UnifiedLog>> opening = folders.stream().map(folder -> threads.submit(() -> open(folder, isClean))).toList();
      for (Future<UnifiedLog> log : opening) {
        logs.add(log.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  static KafkaStore make(Path directory, List<Path> folders) throws Exception {
    return new KafkaStore(directory, folders, true, MAKING_THREADS);
  }

  static KafkaStore open(Path directory, List<Path> folders) throws Exception {
    return new KafkaStore(directory, folders, Files.deleteIfExists(directory.resolve(CLEAN_MARK)), RECOVERY_THREADS);
  }

  private UnifiedLog open(Path folder, boolean isClean) throws Exception {
    UnifiedLog log = UnifiedLog.create(folder.toFile(), config, 0, 0, scheduler, stats, Time.SYSTEM, TRANSACTION_TIMEOUT_MILLIS,
        new ProducerStateManagerConfig(PRODUCER_EXPIRATION_MILLIS, false), PRODUCER_CHECK_MILLIS, failures, isClean,
        Optional.empty());
    if (log.latestEpoch().isEmpty()) {
      // What a broker does when it becomes the first leader: a file of its own, synced.
      log.assignEpochStartOffset(LEADER_EPOCH, log.logEndOffset());
    }
    return log;
  }

  @Override
  protected int write(AppendOrder order, Messages messages, long first, int most) throws Exception {
    UnifiedLog log = logs.get(turn);
    turn = turn + 1 == logs.size() ? 0 : turn + 1;
    int count = builder.fill(order, messages, first, most);
    log.appendAsLeader(builder.records(), LEADER_EPOCH);
    if (order.isSync()) {
      unsynced.add(log);
    }
    return count;
  }

  @Override
  protected void sync() {
    for (UnifiedLog log : unsynced) {
      log.flush(false);
    }
    unsynced.clear();
  }

  @Override
  public long diskBytes() throws Exception {
    long bytes = 0;
    for (UnifiedLog log : logs) {
      for (LogSegment segment : log.logSegments()) {
        bytes += segment.size() + (long) segment.offsetIndex().entries() * OFFSET_ENTRY_BYTES
            + (long) segment.timeIndex().entries() * TIME_ENTRY_BYTES;
      }
    }
    return bytes;
  }

  @Override
  public long messages() {
    return logs.stream().mapToLong(log -> log.logEndOffset() - log.logStartOffset()).sum();
  }

  @Override
  public Cursor read() {
    return new KafkaCursor(logs.get(0));
  }

  @Override
  public void shutDown() throws Exception {
    for (UnifiedLog log : logs) {
      // Trims the indexes, which a broker does too.
      log.prepareActiveSegmentForClose();
      log.flush(true);
      log.close();
    }
    end();
    Files.write(directory.resolve(CLEAN_MARK), new byte[0]);
  }

  @Override
  public void discard() throws Exception {
    logs.forEach(UnifiedLog::closeQuietly);
    end();
  }

  private void end() throws Exception {
    scheduler.shutdown();
    stats.close();
  }
}

package millrace.bench.rocketmq;

import java.io.File;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import millrace.bench.AppendOrder;
import millrace.bench.Cursor;
import millrace.bench.Latencies;
import millrace.bench.Messages;
import millrace.bench.Pace;
import millrace.bench.Store;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.queue.ConsumeQueueInterface;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/** One DefaultMessageStore from load to shutdown. It serves once it has dispatched all it recovered. */
final class RocketStore implements Store {
  private static final long SETTLE_LIMIT_NANOS = 120_000_000_000L;
  private static final int QUEUE_ENTRY_BYTES = 20;
  private static final int INDEX_ENTRY_BYTES = 20;

  private final DefaultMessageStore store;
  private final RocketAppender appender;
  private long keyed;

  private RocketStore(DefaultMessageStore store) {
    this.store = store;
    this.appender = new RocketAppender(store);
  }

  static RocketStore open(MessageStoreConfig config, int queues) throws Exception {
    ConcurrentMap<String, TopicConfig> topics = new ConcurrentHashMap<>();
    for (int queue = 0; queue < queues; queue++) {
      topics.put(RocketAppender.topic(queue), new TopicConfig(RocketAppender.topic(queue), 1, 1));
    }
    BrokerConfig broker = new BrokerConfig();
    broker.setBrokerName("bench");
    new File(config.getStorePathRootDir()).mkdirs();
    DefaultMessageStore store = new DefaultMessageStore(config, new BrokerStatsManager(broker),
        (topic, queueId, offset, tagsCode, time, filterBitMap, properties) -> { }, broker, topics);
    if (!store.load()) {
      throw new IllegalStateException("RocketMQ refuses to load " + config.getStorePathRootDir());
    }
    store.start();
    RocketStore opened = new RocketStore(store);
    opened.settle();
    return opened;
  }

  @Override
  public long append(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception {
    long done = appender.append(order, messages, pace, latencies);
    keyed += order.hasKeys() ? done : 0;
    return done;
  }

  @Override
  public long diskBytes() throws Exception {
    return store.getMaxPhyOffset() + appender.appended() * QUEUE_ENTRY_BYTES + keyed * INDEX_ENTRY_BYTES;
  }

  @Override
  public long messages() {
    long count = 0;
    for (Map<Integer, ConsumeQueueInterface> queues : store.getConsumeQueueTable().values()) {
      for (ConsumeQueueInterface queue : queues.values()) {
        count += queue.getMaxOffsetInQueue() - queue.getMinOffsetInQueue();
      }
    }
    return count;
  }

  @Override
  public Cursor read() throws Exception {
    settle();
    return new RocketCursor(store);
  }

  /**
   * Its shutdown first waits three seconds, in case the dispatch is behind. It is not, once it has settled: an interrupt ends
   * that wait and nothing else.
   */
  @Override
  public void shutDown() throws InterruptedException {
    settle();
    appender.end();
    Thread.currentThread().interrupt();
    store.shutdown();
    Thread.interrupted();
  }

  @Override
  public void discard() throws InterruptedException {
    shutDown();
    // Unmaps, so that the blocks of removed files are free again.
    store.destroy();
  }

  /** Returns when every message stored so far has its queue entry. */
  private void settle() throws InterruptedException {
    long deadline = System.nanoTime() + SETTLE_LIMIT_NANOS;
    while (store.dispatchBehindBytes() > 0 || store.getReputFromOffset() < store.getMaxPhyOffset()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("dispatch stays " + store.dispatchBehindBytes() + " bytes behind");
      }
      Thread.sleep(1);
    }
  }
}

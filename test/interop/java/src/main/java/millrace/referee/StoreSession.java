package millrace.referee;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.io.File;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.SystemClock;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.config.StorePathConfigHelper;
import org.apache.rocketmq.store.queue.ConsumeQueueInterface;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/**
 * One DefaultMessageStore from load to shutdown.
 *
 * `open` has returned when the store is started and has dispatched all it recovered, so the queues it reports are complete. A load
 * that the store refuses is an exception; its reasons are in the log on stderr. Used by one thread.
 */
final class StoreSession {
  private static final long SETTLE_LIMIT_MS = 20_000;

  private final DefaultMessageStore store;
  private final StoreClock clock;
  private final ConcurrentMap<String, TopicConfig> topics;
  private final String root;
  private final boolean abortWasThere;

  private StoreSession(DefaultMessageStore store, StoreClock clock, ConcurrentMap<String, TopicConfig> topics, String root,
      boolean abortWasThere) {
    this.store = store;
    this.clock = clock;
    this.topics = topics;
    this.root = root;
    this.abortWasThere = abortWasThere;
  }

  static StoreSession open(JSONObject request) throws Exception {
    String root = StoreSettings.directory(request);
    ConcurrentMap<String, TopicConfig> topics = new ConcurrentHashMap<>();
    boolean abortWasThere = abortFile(root).exists();
    BrokerConfig broker = new BrokerConfig();
    broker.setBrokerName("referee");
    StoreClock clock = new StoreClock();
    DefaultMessageStore store = new DefaultMessageStore(StoreSettings.from(request), new BrokerStatsManager(broker),
        (topic, queueId, offset, tagsCode, time, filterBitMap, properties) -> { }, broker, topics) {
      @Override
      public SystemClock getSystemClock() {
        return clock;
      }
    };
    if (!store.load()) {
      // No shutdown: it could take `abort` away from a directory that was not even loaded. This process is of no more use.
      throw new IllegalStateException("RocketMQ refuses to load " + root);
    }
    store.start();
    StoreSession session = new StoreSession(store, clock, topics, root, abortWasThere);
    session.settle();
    return session;
  }

  DefaultMessageStore store() {
    return store;
  }

  StoreClock clock() {
    return clock;
  }

  void declare(String topic, int queueId) {
    topics.merge(topic, new TopicConfig(topic, queueId + 1, queueId + 1),
        (known, wanted) -> known.getWriteQueueNums() >= wanted.getWriteQueueNums() ? known : wanted);
  }

  /** Returns when every message stored so far has its queue entry. */
  void settle() throws InterruptedException {
    long deadline = System.nanoTime() + SETTLE_LIMIT_MS * 1_000_000;
    while (store.dispatchBehindBytes() > 0 || store.getReputFromOffset() < store.getMaxPhyOffset()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("dispatch stays " + store.dispatchBehindBytes() + " bytes behind at "
            + store.getReputFromOffset() + " of " + store.getMaxPhyOffset());
      }
      Thread.sleep(1);
    }
  }

  JSONObject state() {
    JSONObject state = new JSONObject();
    state.put("abortWasThere", abortWasThere);
    state.put("minPosition", store.getMinPhyOffset());
    state.put("maxPosition", store.getMaxPhyOffset());
    List<ConsumeQueueInterface> found = new ArrayList<>();
    store.getConsumeQueueTable().values().forEach(queues -> found.addAll(queues.values()));
    found.sort(Comparator.comparing(ConsumeQueueInterface::getTopic).thenComparing(ConsumeQueueInterface::getQueueId));
    JSONArray queues = new JSONArray();
    for (ConsumeQueueInterface queue : found) {
      queues.add(JSONObject.of("topic", queue.getTopic(), "queueId", queue.getQueueId(),
          "minOffset", queue.getMinOffsetInQueue(), "maxOffset", queue.getMaxOffsetInQueue()));
    }
    state.put("queues", queues);
    return state;
  }

  JSONObject close() {
    store.shutdown();
    return JSONObject.of("abortIsThere", abortFile(root).exists());
  }

  private static File abortFile(String root) {
    return new File(StorePathConfigHelper.getAbortFile(root));
  }
}

package millrace.bench.rocketmq;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import millrace.bench.AppendOrder;
import millrace.bench.Latencies;
import millrace.bench.Messages;
import millrace.bench.Pace;
import millrace.bench.Pipeline;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.PutMessageResult;
import org.apache.rocketmq.store.PutMessageStatus;

/** Puts messages: from some threads that each wait for theirs, or pipelined from one. */
final class RocketAppender {
  private static final SocketAddress HOST = new InetSocketAddress("127.0.0.1", 0);
  /** About so many messages a thread takes at once from the pace that all share, where there is no sync to wait for. */
  private static final int SHARE = 16;
  /** What its default `maxMessageSize` of 4 MiB lets through as one batch. */
  private static final int LARGEST_BATCH_BYTES = 3 << 20;
  private static final int ENCODED_OVERHEAD_BYTES = 64;

  private final DefaultMessageStore store;
  private final AtomicLong next = new AtomicLong();
  private ExecutorService threads;

  RocketAppender(DefaultMessageStore store) {
    this.store = store;
  }

  static String topic(int queue) {
    return "bench-" + queue;
  }

  long appended() {
    return next.get();
  }

  long append(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception {
    if (order.isSync() && order.threads() == 0) {
      return pipeline(order, messages, pace, latencies);
    }
    if (order.threads() <= 1) {
      return putAll(order, messages, pace, latencies);
    }
    if (threads == null) {
      threads = Executors.newFixedThreadPool(order.threads());
    }
    List<Future<Long>> parts = new ArrayList<>();
    for (int i = 0; i < order.threads(); i++) {
      parts.add(threads.submit(() -> putAll(order, messages, pace, latencies)));
    }
    long done = 0;
    for (Future<Long> part : parts) {
      done += part.get();
    }
    return done;
  }

  void end() {
    if (threads != null) {
      threads.shutdownNow();
    }
  }

  /** Messages in one call. */
  private static int unit(AppendOrder order) {
    return Math.max(1, Math.min(order.unit(), LARGEST_BATCH_BYTES / (order.bodyBytes() + ENCODED_OVERHEAD_BYTES)));
  }

  /** Each waits for its own; the pace is shared by all threads. */
  private long putAll(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception {
    int unit = unit(order);
    int share = order.isSync() ? unit : unit * Math.max(1, SHARE / unit);
    long done = 0;
    for (int taken = take(pace, share); taken > 0; taken = take(pace, share)) {
      long first = next.getAndAdd(taken);
      for (int i = 0; i < taken;) {
        int count = Math.min(unit, taken - i);
        long began = order.isSync() ? System.nanoTime() : 0;
        check(order.isBatch() ? store.putMessages(batch(order, messages, first + i, count))
            : store.putMessage(single(order, messages, first + i)));
        if (order.isSync()) {
          latencies.record(began, System.nanoTime(), count);
        }
        i += count;
      }
      done += taken;
    }
    return done;
  }

  private long pipeline(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception {
    Pipeline pipeline = new Pipeline(order.inFlight(), latencies);
    long done = 0;
    for (int taken = pace.take(unit(order)); taken > 0; taken = pace.take(unit(order))) {
      int count = taken;
      long began = pipeline.begin(count);
      begin(order, messages, next.getAndAdd(count), count).whenComplete((result, failure) -> {
        try {
          if (failure != null) {
            throw new ExecutionException(failure);
          }
          check(result);
          pipeline.end(began, count);
        } catch (Exception reason) {
          pipeline.fail(reason);
        }
      });
      done += count;
    }
    pipeline.drain();
    return done;
  }

  private static int take(Pace pace, int wanted) {
    synchronized (pace) {
      return pace.take(wanted);
    }
  }

  private CompletableFuture<PutMessageResult> begin(AppendOrder order, Messages messages, long first, int count) {
    return order.isBatch() ? store.asyncPutMessages(batch(order, messages, first, count))
        : store.asyncPutMessage(single(order, messages, first));
  }

  private static MessageExtBrokerInner single(AppendOrder order, Messages messages, long number) {
    MessageExtBrokerInner message = new MessageExtBrokerInner();
    address(message, (int) (number % order.queues()));
    message.setBody(messages.body(number));
    // The store asks a message without properties for its map.
    MessageAccessor.setProperties(message, new HashMap<>());
    if (order.hasKeys()) {
      message.setKeys(messages.key(number));
      message.setPropertiesString(MessageDecoder.messageProperties2String(message.getProperties()));
    }
    return message;
  }

  private static MessageExtBatch batch(AppendOrder order, Messages messages, long first, int count) {
    int queue = (int) (first / unit(order) % order.queues());
    List<Message> inner = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Message message = new Message();
      message.setTopic(topic(queue));
      message.setBody(messages.body(first + i));
      MessageAccessor.setProperties(message, new HashMap<>());
      if (order.hasKeys()) {
        message.setKeys(messages.key(first + i));
      }
      inner.add(message);
    }
    MessageExtBatch batch = new MessageExtBatch();
    address(batch, queue);
    batch.setBody(MessageDecoder.encodeMessages(inner));
    return batch;
  }

  private static void address(MessageExt message, int queue) {
    message.setTopic(topic(queue));
    message.setQueueId(0);
    message.setBornTimestamp(System.currentTimeMillis());
    message.setBornHost(HOST);
    message.setStoreHost(HOST);
  }

  private static void check(PutMessageResult result) {
    // A record larger than a log file is PUT_OK with an append status that says it is not stored.
    if (result.getPutMessageStatus() != PutMessageStatus.PUT_OK || !result.getAppendMessageResult().isOk()) {
      throw new IllegalStateException("put: " + result.getPutMessageStatus() + ", " + result.getAppendMessageResult());
    }
  }
}

package millrace.referee;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.store.AppendMessageResult;
import org.apache.rocketmq.store.PutMessageResult;
import org.apache.rocketmq.store.PutMessageStatus;

/**
 * Puts messages as a broker would, single or as a client's batch, and says where each went.
 *
 * With `storeTimestamp` a message is stored under that time; a batch under that of its first. Any status but PUT_OK is an exception that names it. A receipt has topic, queueId, offset, position, size and storeTimestamp.
 */
final class Producer {
  private static final int HEX_DIGITS_OF_POSITION = 16;

  private final StoreSession session;

  Producer(StoreSession session) {
    this.session = session;
  }

  /** `messages` one by one, or with `batch: true` as one batch to the queue of the first. Returns when all are dispatched. */
  JSONObject append(JSONObject request) throws Exception {
    JSONArray messages = request.getJSONArray("messages");
    JSONArray receipts = new JSONArray();
    if (request.getBooleanValue("batch", false)) {
      receipts.addAll(putBatch(messages));
    } else {
      for (int i = 0; i < messages.size(); i++) {
        receipts.add(put(messages.getJSONObject(i)));
      }
    }
    session.settle();
    return JSONObject.of("receipts", receipts);
  }

  /**
   * Puts `messages` over and over on a thread of its own and halts the process while that goes on, once `haltAfter` are
   * acknowledged: the answer holds the receipts up to there, in order (receipt n is of message n modulo their count); more may
   * have been stored.
   */
  void appendAndHalt(JSONObject request, Consumer<JSONObject> answer) throws Exception {
    JSONArray messages = request.getJSONArray("messages");
    int haltAfter = request.getIntValue("haltAfter");
    LinkedBlockingQueue<JSONObject> acknowledged = new LinkedBlockingQueue<>();
    Thread producer = new Thread(() -> putForEver(messages, acknowledged), "producer");
    producer.start();
    JSONArray receipts = new JSONArray();
    while (receipts.size() < haltAfter) {
      JSONObject receipt = acknowledged.take();
      if (receipt.containsKey("error")) {
        throw new IllegalStateException(receipt.getString("error"));
      }
      receipts.add(receipt);
    }
    answer.accept(JSONObject.of("receipts", receipts));
    Runtime.getRuntime().halt(0);
  }

  JSONObject put(JSONObject spec) throws Exception {
    session.declare(spec.getString("topic"), spec.getIntValue("queueId", 0));
    session.clock().tell(spec.getLongValue("storeTimestamp", 0));
    AppendMessageResult result = accepted(session.store().putMessage(MessageSpec.single(spec)));
    return receipt(spec, result.getLogicsOffset(), result.getWroteOffset(), result.getWroteBytes(), result.getStoreTimestamp());
  }

  List<JSONObject> putBatch(JSONArray specs) throws Exception {
    JSONObject first = specs.getJSONObject(0);
    session.declare(first.getString("topic"), first.getIntValue("queueId", 0));
    session.clock().tell(first.getLongValue("storeTimestamp", 0));
    List<Message> inner = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      inner.add(MessageSpec.inner(specs.getJSONObject(i)));
    }
    MessageExtBatch batch = new MessageExtBatch();
    MessageSpec.address(batch, first);
    batch.setBody(MessageDecoder.encodeMessages(inner));
    AppendMessageResult result = accepted(session.store().putMessages(batch));
    String[] ids = result.getMsgId().split(",");
    List<JSONObject> receipts = new ArrayList<>();
    long end = result.getWroteOffset() + result.getWroteBytes();
    for (int i = 0; i < ids.length; i++) {
      long position = position(ids[i]);
      long next = i + 1 < ids.length ? position(ids[i + 1]) : end;
      receipts.add(receipt(first, result.getLogicsOffset() + i, position, next - position, result.getStoreTimestamp()));
    }
    return receipts;
  }

  private void putForEver(JSONArray messages, LinkedBlockingQueue<JSONObject> acknowledged) {
    try {
      for (int i = 0; ; i = (i + 1) % messages.size()) {
        acknowledged.add(put(messages.getJSONObject(i)));
      }
    } catch (Exception failure) {
      acknowledged.add(JSONObject.of("error", failure.toString()));
    }
  }

  private static AppendMessageResult accepted(PutMessageResult result) {
    if (result.getPutMessageStatus() != PutMessageStatus.PUT_OK) {
      throw new IllegalStateException("put: " + result.getPutMessageStatus() + ", " + result.getAppendMessageResult());
    }
    // A record larger than a log file is PUT_OK with an append status that says it is not stored.
    if (!result.getAppendMessageResult().isOk()) {
      throw new IllegalStateException("put: " + result.getAppendMessageResult().getStatus());
    }
    return result.getAppendMessageResult();
  }

  private static long position(String messageId) {
    return Long.parseUnsignedLong(messageId.substring(messageId.length() - HEX_DIGITS_OF_POSITION), 16);
  }

  private static JSONObject receipt(JSONObject spec, long offset, long position, long size, long storeTimestamp) {
    return JSONObject.of("topic", spec.getString("topic"), "queueId", spec.getIntValue("queueId", 0), "offset", offset,
        "position", position).fluentPut("size", size).fluentPut("storeTimestamp", storeTimestamp);
  }
}

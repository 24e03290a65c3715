package millrace.referee;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.GetMessageResult;
import org.apache.rocketmq.store.GetMessageStatus;
import org.apache.rocketmq.store.QueryMessageResult;
import org.apache.rocketmq.store.SelectMappedBufferResult;

/**
 * Reads queues as a consumer's pull would and decodes with RocketMQ's own decoder, body checksum included.
 *
 * A body is given as stored unless decompressed ones are asked for. Every pull that does not find a message although its offset lies within the queue is
 * reported in `gaps` with its status, so a reader that steps over something cannot look like one that saw everything.
 */
final class QueueReader {
  private static final String GROUP = "referee";
  private static final int MESSAGES_A_PULL = 512;

  private final DefaultMessageStore store;

  QueueReader(StoreSession session) {
    this.store = session.store();
  }

  /**
   * All of `topic`, `queueId` from `offset` (default: its first). With `raw: true` each message has its record in base64, with
   * `decompress: true` the body that a consumer gets.
   */
  JSONObject read(JSONObject request) throws Exception {
    String topic = request.getString("topic");
    int queueId = request.getIntValue("queueId", 0);
    long end = store.getMaxOffsetInQueue(topic, queueId);
    long offset = request.getLongValue("offset", store.getMinOffsetInQueue(topic, queueId));
    JSONArray messages = new JSONArray();
    JSONArray gaps = new JSONArray();
    while (offset < end) {
      GetMessageResult result = store.getMessage(GROUP, topic, queueId, offset, MESSAGES_A_PULL, null);
      if (result.getStatus() == GetMessageStatus.FOUND) {
        for (SelectMappedBufferResult record : result.getMessageMapedList()) {
          messages.add(describe(record.getByteBuffer(), request.getBooleanValue("raw", false), request.getBooleanValue("decompress", false)));
        }
      } else {
        gaps.add(JSONObject.of("offset", offset, "status", result.getStatus().toString(), "next", result.getNextBeginOffset()));
      }
      result.release();
      offset = Math.max(offset + 1, result.getNextBeginOffset());
    }
    long begin = store.getMinOffsetInQueue(topic, queueId);
    return JSONObject.of("messages", messages, "gaps", gaps, "minOffset", begin, "maxOffset", end);
  }

  /** What the index has for `topic` and `key`, all times. */
  JSONObject find(JSONObject request) throws Exception {
    QueryMessageResult result = store.queryMessage(request.getString("topic"), request.getString("key"),
        request.getIntValue("maxMessages", 64), 0, Long.MAX_VALUE);
    JSONArray messages = new JSONArray();
    for (ByteBuffer record : result.getMessageBufferList()) {
      messages.add(describe(record, false, false));
    }
    result.release();
    return JSONObject.of("messages", messages);
  }

  private static JSONObject describe(ByteBuffer record, boolean withRaw, boolean decompress) throws GeneralSecurityException {
    byte[] raw = new byte[record.remaining()];
    record.duplicate().get(raw);
    MessageExt message = MessageDecoder.decode(ByteBuffer.wrap(raw), true, decompress);
    if (message == null) {
      throw new IllegalStateException("RocketMQ cannot decode a record of " + raw.length + " bytes that its queue points to");
    }
    JSONObject json = new JSONObject();
    json.put("topic", message.getTopic());
    json.put("queueId", message.getQueueId());
    json.put("offset", message.getQueueOffset());
    json.put("position", message.getCommitLogOffset());
    json.put("size", message.getStoreSize());
    json.put("storeTimestamp", message.getStoreTimestamp());
    json.put("bornTimestamp", message.getBornTimestamp());
    json.put("bornHost", host(message.getBornHost()));
    json.put("storeHost", host(message.getStoreHost()));
    json.put("flag", message.getFlag());
    json.put("sysFlag", message.getSysFlag());
    json.put("reconsumeTimes", message.getReconsumeTimes());
    json.put("preparedTransactionOffset", message.getPreparedTransactionOffset());
    json.put("messageId", MessageDecoder.createMessageId(message.getStoreHost(), message.getCommitLogOffset()));
    json.put("body", Base64.getEncoder().encodeToString(message.getBody() == null ? new byte[0] : message.getBody()));
    json.put("tags", message.getProperty(MessageConst.PROPERTY_TAGS));
    json.put("keys", message.getProperty(MessageConst.PROPERTY_KEYS));
    json.put("properties", message.getProperties());
    json.put("rawSha256", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(raw)));
    if (withRaw) {
      json.put("raw", Base64.getEncoder().encodeToString(raw));
    }
    return json;
  }

  private static String host(SocketAddress address) {
    InetSocketAddress inet = (InetSocketAddress) address;
    String text = inet.getAddress().getHostAddress();
    return (inet.getAddress() instanceof Inet6Address ? "[" + text + "]" : text) + ":" + inet.getPort();
  }
}

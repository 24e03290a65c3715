package millrace.referee;

import com.alibaba.fastjson2.JSONObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.rocketmq.common.compression.CompressionType;
import org.apache.rocketmq.common.compression.CompressorFactory;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.sysflag.MessageSysFlag;

/**
 * A message of a request: topic, queueId, body (base64), tags, keys, properties, flag, sysFlag, bornTimestamp, reconsumeTimes,
 * preparedTransactionOffset, and bornHost and storeHost as `address:port` (IPv6 in brackets).
 *
 * With `compression` (LZ4, ZSTD, ZLIB) the body is compressed and flagged as RocketMQ's producer does both; not in a batch.
 */
final class MessageSpec {
  private static final String DEFAULT_HOST = "127.0.0.1:0";
  /** What a producer compresses with unless it is told otherwise. */
  private static final int COMPRESSION_LEVEL = 5;

  private MessageSpec() { }

  static MessageExtBrokerInner single(JSONObject spec) throws IOException {
    MessageExtBrokerInner message = new MessageExtBrokerInner();
    address(message, spec);
    message.setFlag(spec.getIntValue("flag", 0));
    message.setBody(body(spec));
    if (spec.getString("compression") != null) {
      compress(message, CompressionType.of(spec.getString("compression")));
    }
    message.setReconsumeTimes(spec.getIntValue("reconsumeTimes", 0));
    message.setPreparedTransactionOffset(spec.getLongValue("preparedTransactionOffset", 0));
    // The store asks a message without properties for its map.
    MessageAccessor.setProperties(message, properties(spec));
    message.setPropertiesString(MessageDecoder.messageProperties2String(message.getProperties()));
    return message;
  }

  /** One message inside a batch: what the whole batch shares (`address`) is not in it. */
  static Message inner(JSONObject spec) {
    Message message = new Message();
    message.setTopic(spec.getString("topic"));
    message.setFlag(spec.getIntValue("flag", 0));
    message.setBody(body(spec));
    // The store asks a message without properties for its map.
    MessageAccessor.setProperties(message, properties(spec));
    return message;
  }

  static void address(MessageExt message, JSONObject spec) throws UnknownHostException {
    message.setTopic(spec.getString("topic"));
    message.setQueueId(spec.getIntValue("queueId", 0));
    message.setSysFlag(spec.getIntValue("sysFlag", 0));
    message.setBornTimestamp(spec.getLongValue("bornTimestamp", System.currentTimeMillis()));
    message.setBornHost(host(spec, "bornHost"));
    message.setStoreHost(host(spec, "storeHost"));
  }

  private static void compress(MessageExt message, CompressionType type) throws IOException {
    message.setBody(CompressorFactory.getCompressor(type).compress(message.getBody(), COMPRESSION_LEVEL));
    message.setSysFlag(message.getSysFlag() | MessageSysFlag.COMPRESSED_FLAG | type.getCompressionFlag());
  }

  private static byte[] body(JSONObject spec) {
    return Base64.getDecoder().decode(spec.getString("body"));
  }

  private static Map<String, String> properties(JSONObject spec) {
    Map<String, String> properties = new LinkedHashMap<>();
    if (spec.getString("keys") != null) {
      properties.put(MessageConst.PROPERTY_KEYS, spec.getString("keys"));
    }
    if (spec.getString("tags") != null) {
      properties.put(MessageConst.PROPERTY_TAGS, spec.getString("tags"));
    }
    JSONObject others = spec.getJSONObject("properties");
    if (others != null) {
      others.forEach((name, value) -> properties.put(name, value.toString()));
    }
    return properties;
  }

  private static InetSocketAddress host(JSONObject spec, String field) throws UnknownHostException {
    String text = spec.getString(field) == null ? DEFAULT_HOST : spec.getString(field);
    int colon = text.lastIndexOf(':');
    return new InetSocketAddress(InetAddress.getByName(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)));
  }
}

package millrace.client;

import com.alibaba.fastjson2.JSONObject;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages as JSON: what the client has decoded, bodies decompressed, in base64. */
final class Told {
  private Told() {}

  static JSONObject message(MessageExt message) {
    JSONObject told = new JSONObject();
    told.put("topic", message.getTopic());
    told.put("queueId", message.getQueueId());
    told.put("offset", message.getQueueOffset());
    told.put("position", message.getCommitLogOffset());
    told.put("messageId", message.getMsgId());
    told.put("body", Base64.getEncoder().encodeToString(message.getBody()));
    told.put("tags", message.getTags());
    told.put("keys", message.getKeys());
    told.put("bornHost", message.getBornHostString());
    told.put("storeTimestamp", message.getStoreTimestamp());
    told.put("sysFlag", message.getSysFlag());
    told.put("reconsumeTimes", message.getReconsumeTimes());
    told.put("properties", message.getProperties());
    return told;
  }

  static List<JSONObject> messages(List<MessageExt> messages) {
    return messages == null ? List.of() : messages.stream().map(Told::message).collect(Collectors.toList());
  }
}

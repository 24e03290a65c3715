package millrace.client;

import com.alibaba.fastjson2.JSONObject;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.BoundaryType;
import org.apache.rocketmq.common.message.MessageQueue;

/** Questions about what is stored: any client of the broker may ask them. */
final class Looking {
  private final DefaultMQProducer client;

  Looking(DefaultMQProducer client) {
    this.client = client;
  }

  JSONObject byKey(JSONObject request) throws Exception {
    try {
      return JSONObject.of(
          "messages",
          Told.messages(
              client
                  .queryMessage(
                      request.getString("topic"),
                      request.getString("key"),
                      request.getIntValue("count", 32),
                      request.getLongValue("begin", 0),
                      request.getLongValue("end", Long.MAX_VALUE))
                  .getMessageList()));
    } catch (MQClientException failure) {
      // The client has no other way to say that there is none.
      if (failure.getMessage().contains("no message")) {
        return JSONObject.of("messages", Told.messages(null));
      }
      throw failure;
    }
  }

  /** By the id with the message's position, or by the id that its producer gave it. */
  JSONObject byId(JSONObject request) throws Exception {
    return JSONObject.of("message", Told.message(client.viewMessage(request.getString("topic"), request.getString("messageId"))));
  }

  JSONObject atTime(JSONObject request) throws Exception {
    BoundaryType bound = BoundaryType.getType(request.getString("bound"));
    long time = request.getLongValue("timestamp");
    return JSONObject.of(
        "offset", client.getDefaultMQProducerImpl().getMqClientFactory().getMQAdminImpl().searchOffset(queue(request), time, bound));
  }

  JSONObject bounds(JSONObject request) throws Exception {
    return JSONObject.of(
        "minOffset", client.minOffset(queue(request)),
        "maxOffset", client.maxOffset(queue(request)),
        "earliest", client.earliestMsgStoreTime(queue(request)));
  }

  private static MessageQueue queue(JSONObject request) {
    return new MessageQueue(request.getString("topic"), "millrace", request.getIntValue("queueId"));
  }
}

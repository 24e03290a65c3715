package millrace.client;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** One producer, and the four ways it sends. */
final class Sending {
  private static final int ANSWER_SECONDS = 20;
  private final DefaultMQProducer producer;

  Sending(String nameServer) throws Exception {
    producer = Client.named(new DefaultMQProducer("producers"), nameServer, "producer");
    producer.setRetryTimesWhenSendFailed(0);
    producer.start();
  }

  DefaultMQProducer producer() {
    return producer;
  }

  JSONObject createTopic(JSONObject request) throws Exception {
    producer.createTopic("TBW102", request.getString("topic"), request.getIntValue("queues"), Map.of());
    return new JSONObject();
  }

  JSONObject send(JSONObject request) throws Exception {
    List<Message> messages = new ArrayList<>();
    for (JSONObject given : request.getJSONArray("messages").toList(JSONObject.class)) {
      messages.add(message(request.getString("topic"), given));
    }
    JSONArray results = new JSONArray();
    for (SendResult result : send(messages, request.getString("how"), request.getInteger("queueId"))) {
      results.add(told(result));
    }
    return JSONObject.of("results", results);
  }

  private static Message message(String topic, JSONObject given) {
    Message message = new Message(topic, Base64.getDecoder().decode(given.getString("body")));
    if (given.containsKey("tags")) {
      message.setTags(given.getString("tags"));
    }
    if (given.containsKey("keys")) {
      message.setKeys(given.getString("keys"));
    }
    for (Map.Entry<String, Object> property : given.getJSONObject("properties").entrySet()) {
      message.putUserProperty(property.getKey(), (String) property.getValue());
    }
    return message;
  }

  /** `queueId` only with `sync`: elsewhere the client chooses. */
  private List<SendResult> send(List<Message> messages, String how, Integer queueId) throws Exception {
    List<SendResult> results = new ArrayList<>();
    switch (how) {
      case "sync":
        for (Message message : messages) {
          MessageQueue queue = queueId == null ? null : new MessageQueue(message.getTopic(), "millrace", queueId);
          results.add(queue == null ? producer.send(message) : producer.send(message, queue));
        }
        return results;
      case "async":
        List<CompletableFuture<SendResult>> sent = new ArrayList<>();
        for (Message message : messages) {
          sent.add(sendLater(message));
        }
        for (CompletableFuture<SendResult> future : sent) {
          results.add(future.get(ANSWER_SECONDS, TimeUnit.SECONDS));
        }
        return results;
      case "oneway":
        for (Message message : messages) {
          producer.sendOneway(message);
        }
        return results;
      case "batch":
        return List.of(producer.send(messages));
      default:
        throw new IllegalArgumentException("unknown way to send: " + how);
    }
  }

  private CompletableFuture<SendResult> sendLater(Message message) throws Exception {
    CompletableFuture<SendResult> future = new CompletableFuture<>();
    producer.send(
        message,
        new SendCallback() {
          @Override
          public void onSuccess(SendResult result) {
            future.complete(result);
          }

          @Override
          public void onException(Throwable failure) {
            future.completeExceptionally(failure);
          }
        });
    return future;
  }

  private static JSONObject told(SendResult result) {
    return JSONObject.of(
        "status", result.getSendStatus().name(),
        "uniqueId", result.getMsgId(),
        "messageId", result.getOffsetMsgId(),
        "queueId", result.getMessageQueue().getQueueId(),
        "offset", result.getQueueOffset());
  }
}

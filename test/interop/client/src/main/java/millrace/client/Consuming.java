package millrace.client;

import com.alibaba.fastjson2.JSONObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Push consumers, which run until they are stopped, and two kinds of pulls. Consumers are told apart by `name`. */
final class Consuming {
  private final String nameServer;
  private final Map<String, DefaultMQPushConsumer> pushing = new HashMap<>();
  private DefaultMQPullConsumer puller;

  Consuming(String nameServer) {
    this.nameServer = nameServer;
  }

  /** Refuses each message as long as it has been delivered less than `failures` times before. */
  JSONObject push(JSONObject request) throws Exception {
    String name = request.getString("name");
    DefaultMQPushConsumer consumer = Client.named(new DefaultMQPushConsumer(request.getString("group")), nameServer, name);
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.setMaxReconsumeTimes(request.getIntValue("maxReconsumeTimes", -1));
    consumer.subscribe(request.getString("topic"), request.getString("expression"));
    int failures = request.getIntValue("failures", 0);
    if (request.getBooleanValue("orderly")) {
      consumer.registerMessageListener(
          (MessageListenerOrderly)
              (messages, context) -> {
                messages.forEach(message -> tell(name, message));
                return ConsumeOrderlyStatus.SUCCESS;
              });
    } else {
      consumer.registerMessageListener(
          (MessageListenerConcurrently)
              (messages, context) -> {
                messages.forEach(message -> tell(name, message));
                return messages.get(0).getReconsumeTimes() < failures
                    ? ConsumeConcurrentlyStatus.RECONSUME_LATER
                    : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
              });
    }
    consumer.start();
    pushing.put(name, consumer);
    return new JSONObject();
  }

  private static void tell(String name, MessageExt message) {
    Client.print(JSONObject.of("event", "message", "name", name, "at", System.currentTimeMillis(), "message", Told.message(message)));
  }

  /** Commits what was consumed, and says goodbye to the broker. */
  JSONObject stop(JSONObject request) {
    pushing.remove(request.getString("name")).shutdown();
    return new JSONObject();
  }

  /** One pull from one queue: `wait` makes it a long poll. */
  JSONObject pull(JSONObject request) throws Exception {
    if (puller == null) {
      puller = Client.named(new DefaultMQPullConsumer("pullers"), nameServer, "puller");
      puller.setConsumerPullTimeoutMillis(10_000);
      puller.start();
    }
    String topic = request.getString("topic");
    // The consumer learns the route of a topic by asking for its queues.
    puller.fetchSubscribeMessageQueues(topic);
    MessageQueue queue = new MessageQueue(topic, "millrace", request.getIntValue("queueId"));
    String expression = request.getString("expression");
    long offset = request.getLongValue("offset");
    PullResult result =
        request.getBooleanValue("wait")
            ? puller.pullBlockIfNotFound(queue, expression, offset, 32)
            : puller.pull(queue, expression, offset, 32);
    return JSONObject.of(
        "status", result.getPullStatus().name(),
        "nextOffset", result.getNextBeginOffset(),
        "minOffset", result.getMinOffset(),
        "maxOffset", result.getMaxOffset(),
        "messages", Told.messages(result.getMsgFoundList()));
  }

  /** Polls a group's queues until `count` messages are there, then commits. */
  JSONObject lite(JSONObject request) throws Exception {
    DefaultLitePullConsumer consumer = Client.named(new DefaultLitePullConsumer(request.getString("group")), nameServer, "lite");
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.setAutoCommit(false);
    consumer.subscribe(request.getString("topic"), request.getString("expression"));
    consumer.start();
    try {
      List<MessageExt> messages = new ArrayList<>();
      for (int polls = 0; messages.size() < request.getIntValue("count") && polls < 20; polls++) {
        messages.addAll(consumer.poll(1_000));
      }
      consumer.commit();
      return JSONObject.of("messages", Told.messages(messages));
    } finally {
      consumer.shutdown();
    }
  }
}

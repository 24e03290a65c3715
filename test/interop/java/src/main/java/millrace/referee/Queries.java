package millrace.referee;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.nio.ByteBuffer;
import org.apache.rocketmq.common.BoundaryType;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.remoting.protocol.filter.FilterAPI;
import org.apache.rocketmq.store.DefaultMessageFilter;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.GetMessageResult;
import org.apache.rocketmq.store.GetMessageStatus;
import org.apache.rocketmq.store.QueryMessageResult;

/**
 * Queries as a broker asks its store: by key, by time, by tags.
 *
 * A request carries many at once in `asked`, and the answer has one element for each, in order. Nothing is filtered behind the store:
 * what its hashes and its seconds let through is answered, as a client would get it over the wire.
 */
final class Queries {
  private static final String GROUP = "referee";
  private static final int MESSAGES_A_PULL = 512;
  private static final int MESSAGES_A_QUERY = 64;

  private final DefaultMessageStore store;

  Queries(StoreSession session) {
    this.store = session.store();
  }

  JSONObject run(JSONObject request) throws Exception {
    JSONArray asked = request.getJSONArray("asked");
    JSONArray answers = new JSONArray();
    for (int i = 0; i < asked.size(); i++) {
      JSONObject query = asked.getJSONObject(i);
      switch (query.getString("by")) {
        case "key":
          answers.add(byKey(query));
          break;
        case "time":
          answers.add(byTime(query));
          break;
        case "tags":
          answers.add(byTags(query));
          break;
        default:
          throw new IllegalArgumentException("nothing is asked by " + query.getString("by"));
      }
    }
    return JSONObject.of("answers", answers);
  }

  /** Positions, as often and in the order as they come. With `isTag` the key is a tag. */
  private JSONArray byKey(JSONObject query) {
    String type = query.getBooleanValue("isTag", false) ? MessageConst.INDEX_TAG_TYPE : MessageConst.INDEX_KEY_TYPE;
    QueryMessageResult result = store.queryMessage(query.getString("topic"), query.getString("key"),
        query.getIntValue("maxMessages", MESSAGES_A_QUERY), query.getLongValue("begin", 0), query.getLongValue("end", Long.MAX_VALUE), type, null);
    JSONArray positions = new JSONArray();
    for (ByteBuffer record : result.getMessageBufferList()) {
      positions.add(record.getLong(MessageDecoder.MESSAGE_PHYSIC_OFFSET_POSITION));
    }
    result.release();
    return positions;
  }

  private long byTime(JSONObject query) {
    return store.getOffsetInQueueByTime(query.getString("topic"), query.getIntValue("queueId"), query.getLongValue("timestamp"),
        BoundaryType.getType(query.getString("bound")));
  }

  /** The offsets that a pull with this expression gets, from the queue's first to its last. */
  private JSONArray byTags(JSONObject query) throws Exception {
    String topic = query.getString("topic");
    int queueId = query.getIntValue("queueId");
    DefaultMessageFilter filter = new DefaultMessageFilter(FilterAPI.buildSubscriptionData(topic, query.getString("tags")));
    long end = store.getMaxOffsetInQueue(topic, queueId);
    JSONArray offsets = new JSONArray();
    for (long offset = store.getMinOffsetInQueue(topic, queueId); offset < end;) {
      GetMessageResult result = store.getMessage(GROUP, topic, queueId, offset, MESSAGES_A_PULL, filter);
      GetMessageStatus status = result.getStatus();
      if (status != GetMessageStatus.FOUND && status != GetMessageStatus.NO_MATCHED_MESSAGE || result.getNextBeginOffset() <= offset) {
        throw new IllegalStateException("a pull at " + offset + ": " + status + ", next " + result.getNextBeginOffset());
      }
      offsets.addAll(result.getMessageQueueOffset());
      offset = result.getNextBeginOffset();
      result.release();
    }
    return offsets;
  }
}

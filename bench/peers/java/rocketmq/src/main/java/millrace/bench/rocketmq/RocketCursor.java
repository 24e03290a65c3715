package millrace.bench.rocketmq;

import java.nio.ByteBuffer;
import millrace.bench.Cursor;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.GetMessageResult;
import org.apache.rocketmq.store.GetMessageStatus;
import org.apache.rocketmq.store.exception.ConsumeQueueException;

/** Pulls as a broker does, and decodes each message as a client does: its body is copied out and its CRC checked. */
final class RocketCursor implements Cursor {
  private static final String GROUP = "bench";
  private static final int MESSAGES_A_PULL = 512;

  private final DefaultMessageStore store;
  private final long end;
  private long offset;

  RocketCursor(DefaultMessageStore store) throws ConsumeQueueException {
    this.store = store;
    this.end = store.getMaxOffsetInQueue(RocketAppender.topic(0), 0);
  }

  @Override
  public boolean next(Bodies bodies) {
    if (offset >= end) {
      return false;
    }
    GetMessageResult result = store.getMessage(GROUP, RocketAppender.topic(0), 0, offset, MESSAGES_A_PULL, null);
    try {
      if (result.getStatus() != GetMessageStatus.FOUND) {
        throw new IllegalStateException("a pull at " + offset + ": " + result.getStatus());
      }
      for (ByteBuffer record : result.getMessageBufferList()) {
        MessageExt message = MessageDecoder.decode(record, true, false);
        if (message == null) {
          throw new IllegalStateException("RocketMQ cannot decode what it has near offset " + offset);
        }
        bodies.take(message.getBody(), message.getBody().length);
      }
      offset = result.getNextBeginOffset();
      return true;
    } finally {
      result.release();
    }
  }

  @Override
  public void close() { }
}

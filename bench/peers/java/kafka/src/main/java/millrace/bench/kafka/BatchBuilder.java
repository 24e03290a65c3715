package millrace.bench.kafka;

import java.nio.ByteBuffer;
import millrace.bench.AppendOrder;
import millrace.bench.Messages;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.Record;

/** Builds one batch after another in the same buffer: a batch is gone when the next is filled. */
final class BatchBuilder {
  /** The default `batch.size` of its producer. */
  private static final int BATCH_BYTES = 16 << 10;
  /** What its default `max.message.bytes` lets through. */
  private static final int LARGEST_BATCH_BYTES = 1 << 20;
  /** Of a batch's header and a record's, at most. */
  private static final int MARGIN_BYTES = 256;

  private static final byte[] NO_KEY = null;

  private ByteBuffer buffer = ByteBuffer.allocate(LARGEST_BATCH_BYTES);
  private MemoryRecords records;

  /** As many of the messages from `first` as go in one batch, at least one; how many. */
  int fill(AppendOrder order, Messages messages, long first, int most) {
    int limit = order.isSync() ? LARGEST_BATCH_BYTES - MARGIN_BYTES : BATCH_BYTES;
    if (messages.bodyBytes() + MARGIN_BYTES > buffer.capacity()) {
      buffer = ByteBuffer.allocate(messages.bodyBytes() + MARGIN_BYTES);
    }
    buffer.clear();
    MemoryRecordsBuilder builder = MemoryRecords.builder(buffer, Compression.NONE, TimestampType.CREATE_TIME, 0, limit);
    long now = System.currentTimeMillis();
    int count = 0;
    do {
      builder.append(now, NO_KEY, messages.body(first + count));
      count++;
    } while (order.isBatch() && count < most
        && builder.hasRoomFor(now, NO_KEY, messages.body(first + count), Record.EMPTY_HEADERS));
    records = builder.build();
    return count;
  }

  MemoryRecords records() {
    return records;
  }
}

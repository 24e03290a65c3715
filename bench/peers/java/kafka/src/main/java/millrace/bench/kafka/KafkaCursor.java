package millrace.bench.kafka;

import java.io.IOException;
import java.nio.ByteBuffer;
import millrace.bench.Cursor;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.FetchDataInfo;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/** Fetches as much at once as its consumer does by default, checks each batch's CRC and parses every record. */
final class KafkaCursor implements Cursor {
  private static final int FETCH_BYTES = 1 << 20;

  private final UnifiedLog log;
  private final long end;
  private ByteBuffer buffer = ByteBuffer.allocate(FETCH_BYTES);
  private byte[] body = new byte[0];
  private long offset;

  KafkaCursor(UnifiedLog log) {
    this.log = log;
    this.offset = log.logStartOffset();
    this.end = log.logEndOffset();
  }

  @Override
  public boolean next(Bodies bodies) throws IOException {
    if (offset >= end) {
      return false;
    }
    FetchDataInfo fetched = log.read(offset, FETCH_BYTES, FetchIsolation.LOG_END, true);
    FileRecords file = (FileRecords) fetched.records;
    if (file.sizeInBytes() > buffer.capacity()) {
      buffer = ByteBuffer.allocate(file.sizeInBytes());
    }
    buffer.clear().limit(file.sizeInBytes());
    file.readInto(buffer, 0);
    long before = offset;
    for (MutableRecordBatch batch : MemoryRecords.readableRecords(buffer).batches()) {
      batch.ensureValid();
      for (Record record : batch) {
        give(record.value(), bodies);
      }
      offset = batch.nextOffset();
    }
    if (offset == before) {
      throw new IllegalStateException("a fetch at " + offset + " of " + end + " gave no batch");
    }
    return true;
  }

  private void give(ByteBuffer value, Bodies bodies) {
    int length = value.remaining();
    if (body.length < length) {
      body = new byte[length];
    }
    value.get(body, 0, length);
    bodies.take(body, length);
  }

  @Override
  public void close() { }
}

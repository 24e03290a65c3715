package millrace.bench.artemis;

import org.apache.activemq.artemis.api.core.ActiveMQBuffer;
import org.apache.activemq.artemis.core.persistence.CoreMessageObjectPools;
import org.apache.activemq.artemis.core.persistence.Persister;

/** Writes a queue's number and a body straight into the journal's buffer. */
final class RecordPersister implements Persister<QueuedBody> {
  static final RecordPersister INSTANCE = new RecordPersister();

  private RecordPersister() { }

  @Override
  public byte getID() {
    return 0;
  }

  @Override
  public int getEncodeSize(QueuedBody record) {
    return Integer.BYTES + record.body().length;
  }

  @Override
  public void encode(ActiveMQBuffer buffer, QueuedBody record) {
    buffer.writeInt(record.queue());
    buffer.writeBytes(record.body());
  }

  @Override
  public QueuedBody decode(ActiveMQBuffer buffer, QueuedBody record, CoreMessageObjectPools pools) {
    int queue = buffer.readInt();
    byte[] body = new byte[buffer.readableBytes()];
    buffer.readBytes(body);
    return new QueuedBody(queue, body);
  }
}

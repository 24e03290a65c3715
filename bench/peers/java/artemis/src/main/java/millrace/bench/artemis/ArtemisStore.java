package millrace.bench.artemis;

import millrace.bench.AppendOrder;
import millrace.bench.Cursor;
import millrace.bench.Latencies;
import millrace.bench.Messages;
import millrace.bench.Pace;
import millrace.bench.Pipeline;
import millrace.bench.Store;
import millrace.bench.UnsupportedException;
import org.apache.activemq.artemis.core.io.SequentialFileFactory;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;

/**
 * One journal from load to stop.
 *
 * An append is in its hands when the call returns, and counts when its callback comes: written, and with sync on the device.
 * Files are written with zeros ahead of that, as many as are going to be needed up to a limit; past it the journal makes more
 * while it runs.
 */
final class ArtemisStore implements Store {
  private static final int FILE_BYTES = 10 << 20;
  private static final int LEAST_FILES = 2;
  private static final long MOST_BYTES_PREPARED = 1L << 30;
  private static final int RECORD_OVERHEAD_BYTES = 32;
  private static final int NO_COMPACTING = 0;
  /** Async appends that may wait to be written: enough to fill its buffer many times, few enough not to fill the heap. */
  private static final int ASYNC_IN_FLIGHT = 8192;
  private static final byte TYPE = 1;

  private final SequentialFileFactory files;
  private final JournalImpl journal;
  private final long loaded;
  private long next;
  private long transaction;

  ArtemisStore(SequentialFileFactory files, long bytes, int bodyBytes) throws Exception {
    this.files = files;
    long wanted = Math.min(bytes / bodyBytes * (bodyBytes + RECORD_OVERHEAD_BYTES), MOST_BYTES_PREPARED);
    int prepared = LEAST_FILES + (int) (wanted / FILE_BYTES);
    files.start();
    journal = new JournalImpl(FILE_BYTES, prepared, prepared, NO_COMPACTING, NO_COMPACTING, files, "bench", "amq",
        files.getMaxIO());
    journal.start();
    RecordCounter counter = new RecordCounter();
    journal.load(counter);
    loaded = counter.records();
    next = loaded;
  }

  @Override
  public long append(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception {
    int unit = order.unit();
    Pipeline pipeline = new Pipeline(order.isSync() ? order.inFlight() : Math.max(ASYNC_IN_FLIGHT, unit), latencies);
    long before = next;
    for (int taken = pace.take(unit); taken > 0; taken = pace.take(unit)) {
      Done done = new Done(pipeline, pipeline.begin(taken), taken);
      if (order.isBatch()) {
        appendTransaction(order, messages, taken, done);
      } else {
        journal.appendAddRecord(next, TYPE, RecordPersister.INSTANCE, record(order, messages, 1), order.isSync(), done);
        next++;
      }
    }
    pipeline.drain();
    return next - before;
  }

  private void appendTransaction(AppendOrder order, Messages messages, int count, Done done) throws Exception {
    transaction++;
    for (int i = 0; i < count; i++) {
      QueuedBody record = record(order, messages, order.unit());
      journal.appendAddRecordTransactional(transaction, next, TYPE, RecordPersister.INSTANCE, record);
      next++;
    }
    journal.appendCommitRecord(transaction, order.isSync(), done, true);
  }

  /** The next message; so many after each other are of one queue. */
  private QueuedBody record(AppendOrder order, Messages messages, int alike) {
    return new QueuedBody((int) (next / alike % order.queues()), messages.body(next));
  }

  @Override
  public long diskBytes() throws Exception {
    return (long) journal.getDataFilesCount() * FILE_BYTES + journal.getCurrentFile().getFile().position();
  }

  @Override
  public long messages() {
    return next;
  }

  @Override
  public Cursor read() throws UnsupportedException {
    throw new UnsupportedException("the journal is read only while it loads, all of it");
  }

  @Override
  public void shutDown() throws Exception {
    journal.stop();
    files.stop();
  }

  @Override
  public void discard() throws Exception {
    shutDown();
  }
}

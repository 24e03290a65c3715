package millrace.bench.artemis;

import java.util.List;
import org.apache.activemq.artemis.core.journal.LoaderCallback;
import org.apache.activemq.artemis.core.journal.PreparedTransactionInfo;
import org.apache.activemq.artemis.core.journal.RecordInfo;

/** Counts what a load gives it and keeps nothing. */
final class RecordCounter implements LoaderCallback {
  private long records;

  long records() {
    return records;
  }

  @Override
  public void addRecord(RecordInfo info) {
    records++;
  }

  @Override
  public void updateRecord(RecordInfo info) { }

  @Override
  public void deleteRecord(long id) { }

  @Override
  public void addPreparedTransaction(PreparedTransactionInfo prepared) { }

  @Override
  public void failedTransaction(long transaction, List<RecordInfo> records, List<RecordInfo> recordsToDelete) { }
}

package millrace.bench.artemis;

import millrace.bench.Pipeline;
import org.apache.activemq.artemis.core.journal.IOCompletion;

/** Tells the pipeline that so many messages count, or do not. */
record Done(Pipeline pipeline, long beganNanos, int messages) implements IOCompletion {
  @Override
  public void storeLineUp() { }

  @Override
  public void done() {
    pipeline.end(beganNanos, messages);
  }

  @Override
  public void onError(int code, String message) {
    pipeline.fail(new IllegalStateException("error " + code + ": " + message));
  }
}

package millrace.bench.artemis;

import java.nio.file.Path;
import millrace.bench.AppendOrder;
import millrace.bench.UnsupportedException;
import org.apache.activemq.artemis.core.io.SequentialFileFactory;
import org.apache.activemq.artemis.core.io.aio.AIOSequentialFileFactory;

/** Apache Artemis' journal with libaio and O_DIRECT, where that library loads. */
public final class ArtemisAioPeer extends ArtemisPeer {
  private static final int MOST_IN_FLIGHT = 4096;

  @Override
  public String configuration() {
    return "JournalImpl with libaio (O_DIRECT)" + settings();
  }

  @Override
  SequentialFileFactory files(Path directory) throws Exception {
    requireLibrary();
    return new AIOSequentialFileFactory(directory.toFile(), BUFFER_BYTES, BUFFER_TIMEOUT_NANOS, MOST_IN_FLIGHT, false);
  }

  @Override
  public void check(AppendOrder order) throws UnsupportedException {
    requireLibrary();
    super.check(order);
  }

  private static void requireLibrary() throws UnsupportedException {
    if (!AIOSequentialFileFactory.isSupported()) {
      throw new UnsupportedException("libaio does not load here");
    }
  }
}

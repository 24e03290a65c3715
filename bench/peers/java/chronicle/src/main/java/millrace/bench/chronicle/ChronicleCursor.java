package millrace.bench.chronicle;

import millrace.bench.Cursor;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;

/** Reads document by document. */
final class ChronicleCursor implements Cursor {
  private static final int MESSAGES_AT_ONCE = 512;

  private final ExcerptTailer tailer;
  private byte[] body = new byte[0];

  ChronicleCursor(ExcerptTailer tailer) {
    this.tailer = tailer;
  }

  @Override
  public boolean next(Bodies bodies) {
    for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
      try (DocumentContext document = tailer.readingDocument()) {
        if (!document.isPresent()) {
          return i > 0;
        }
        Bytes<?> bytes = document.wire().bytes();
        int length = (int) bytes.readRemaining();
        if (body.length < length) {
          body = new byte[length];
        }
        bytes.read(body, 0, length);
        bodies.take(body, length);
      }
    }
    return true;
  }

  @Override
  public void close() {
    tailer.close();
  }
}

package millrace.bench;

/** Reads one queue in order. */
public interface Cursor extends AutoCloseable {
  /** Gives the bodies of the next few messages to `bodies`; false when there was none left. */
  boolean next(Bodies bodies) throws Exception;

  @Override
  void close() throws Exception;

  /** Takes bodies that were copied out of the store; the array may be used again for the next one. */
  interface Bodies {
    void take(byte[] body, int length);
  }
}

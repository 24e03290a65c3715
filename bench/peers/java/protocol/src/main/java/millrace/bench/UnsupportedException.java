package millrace.bench;

/** What an order asks is nothing that this peer can do; the message says why, as half a sentence. */
public final class UnsupportedException extends Exception {
  private static final long serialVersionUID = 1;

  public UnsupportedException(String reason) {
    super(reason);
  }
}

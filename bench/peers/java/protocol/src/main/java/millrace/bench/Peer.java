package millrace.bench;

import java.nio.file.Path;

/** A store that someone could take instead. Used by one thread. */
public interface Peer {
  String version();

  /** How it is set up and used, in one line for the reader. */
  String configuration();

  /** Throws when `order` asks what the peer does not do. */
  void check(AppendOrder order) throws UnsupportedException;

  /** Throws when it has no way to read a queue in order. */
  default void checkRead() throws UnsupportedException { }

  /** Numbers of threads of which the better counts for `order`; none where one way is known to be the best. */
  default int[] threadsToTry(AppendOrder order) {
    return new int[0];
  }

  /** A new store in an empty `directory`, made for what `order` is going to do; nothing of this is measured. */
  Store create(Path directory, AppendOrder order) throws Exception;

  /** Opens what a store left in `directory`; has returned when it could serve. */
  Store open(Path directory) throws Exception;
}

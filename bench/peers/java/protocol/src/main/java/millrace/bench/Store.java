package millrace.bench;

/** An open store of a peer. Messages are numbered from 0 in the order of their appends. Used by one thread. */
public interface Store {
  /** Appends while `pace` lets it, the way `order` says; returns when every one of them counts, with how many. */
  long append(AppendOrder order, Messages messages, Pace pace, Latencies latencies) throws Exception;

  /** Bytes in its files up to where it has written, indexes counted, room prepared for later not. */
  long diskBytes() throws Exception;

  /** How many messages it holds and would serve. */
  long messages() throws Exception;

  /** Its only queue from the begin. */
  Cursor read() throws Exception;

  /** Shuts it down the way that leaves a clean store. */
  void shutDown() throws Exception;

  /** Lets go of its files, which are removed next: nothing needs to reach the device any more. */
  void discard() throws Exception;
}

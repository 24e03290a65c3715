package millrace.referee;

import org.apache.rocketmq.common.SystemClock;

/** The time that RocketMQ stores messages under: the system's, unless a request says another. Any thread may read it. */
final class StoreClock extends SystemClock {
  private volatile long told;

  /** Zero goes back to the system's time. */
  void tell(long timestamp) {
    told = timestamp;
  }

  @Override
  public long now() {
    return told > 0 ? told : super.now();
  }
}

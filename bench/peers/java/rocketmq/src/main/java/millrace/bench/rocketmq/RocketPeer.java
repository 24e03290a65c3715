package millrace.bench.rocketmq;

import java.io.File;
import java.nio.file.Path;
import millrace.bench.AppendOrder;
import millrace.bench.Peer;
import millrace.bench.Store;
import millrace.bench.UnsupportedException;
import org.apache.rocketmq.store.config.FlushDiskType;
import org.apache.rocketmq.store.config.MessageStoreConfig;

/**
 * Apache RocketMQ's `DefaultMessageStore`.
 *
 * Left out because it would promise less than the others at the same word: the off-heap pool, whose messages a killed process
 * loses.
 */
public final class RocketPeer implements Peer {
  @Override
  public String version() {
    return "rocketmq-store 5.5.1";
  }

  @Override
  public String configuration() {
    return "DefaultMessageStore in process, files of 1 GiB mapped, a topic a queue, timer wheel and clean-up off; async: "
        + "ASYNC_FLUSH, putMessage under its spin lock, the better of 1 and 2 threads; sync: SYNC_FLUSH with group commit, "
        + "asyncPutMessage pipelined from 1 thread (with threads: putMessage by each); batch: MessageExtBatch with "
        + "putMessages, encoding counted; keys: its index files; read: getMessage of 512 and MessageDecoder.decode with "
        + "CRC of the body";
  }

  @Override
  public void check(AppendOrder order) throws UnsupportedException {
    if (order.isBatch() && order.isSync() && order.threads() > 0) {
      throw new UnsupportedException("batches are pipelined from one thread");
    }
  }

  @Override
  public int[] threadsToTry(AppendOrder order) {
    return order.isSync() ? new int[0] : new int[] {1, 2};
  }

  @Override
  public Store create(Path directory, AppendOrder order) throws Exception {
    return RocketStore.open(settings(directory, order.isSync()), order.queues());
  }

  @Override
  public Store open(Path directory) throws Exception {
    return RocketStore.open(settings(directory, false), 0);
  }

  private static MessageStoreConfig settings(Path directory, boolean isSync) {
    MessageStoreConfig config = new MessageStoreConfig();
    config.setStorePathRootDir(directory.toString());
    config.setStorePathCommitLog(directory + File.separator + "commitlog");
    config.setStorePathEpochFile(directory + File.separator + "epochFileCheckpoint");
    config.setFlushDiskType(isSync ? FlushDiskType.SYNC_FLUSH : FlushDiskType.ASYNC_FLUSH);
    // As its documentation advises: a spin lock for async, the reentrant one for sync.
    config.setUseReentrantLockWhenPutMessage(isSync);
    config.setHaListenPort(0);
    config.setTimerWheelEnable(false);
    keepEverything(config);
    readWithoutLimits(config);
    return config;
  }

  private static void keepEverything(MessageStoreConfig config) {
    config.setFileReservedTime(24 * 365 * 100);
    config.setCleanFileForciblyEnable(false);
    config.setDiskMaxUsedSpaceRatio(99);
    config.setDiskSpaceWarningLevelRatio(99);
    config.setDiskSpaceCleanForciblyRatio(99);
  }

  private static void readWithoutLimits(MessageStoreConfig config) {
    config.setMaxTransferBytesOnMessageInMemory(Integer.MAX_VALUE);
    config.setMaxTransferCountOnMessageInMemory(Integer.MAX_VALUE);
    config.setMaxTransferBytesOnMessageInDisk(Integer.MAX_VALUE);
    config.setMaxTransferCountOnMessageInDisk(Integer.MAX_VALUE);
  }
}

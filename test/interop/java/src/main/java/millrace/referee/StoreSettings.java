package millrace.referee;

import com.alibaba.fastjson2.JSONObject;
import java.io.File;
import org.apache.rocketmq.store.config.FlushDiskType;
import org.apache.rocketmq.store.config.MessageStoreConfig;

/**
 * What a request says about a store, as RocketMQ's configuration.
 *
 * Whatever is not asked for keeps RocketMQ's default, but for three things: nothing listens or delays (replication has no
 * fixed port, the timer wheel is off), nothing is deleted by age or by a full disk, and a read is bounded by what was asked
 * for only.
 */
final class StoreSettings {
  private static final int ENTRY_BYTES = 20;

  private StoreSettings() { }

  static String directory(JSONObject request) {
    String directory = request.getString("dir");
    if (directory == null) {
      throw new IllegalArgumentException("dir is missing");
    }
    return directory;
  }

  static MessageStoreConfig from(JSONObject request) {
    String root = directory(request);
    MessageStoreConfig config = new MessageStoreConfig();
    config.setStorePathRootDir(root);
    config.setStorePathCommitLog(root + File.separator + "commitlog");
    config.setStorePathEpochFile(root + File.separator + "epochFileCheckpoint");
    config.setMappedFileSizeCommitLog(request.getIntValue("commitLogBytes", config.getMappedFileSizeCommitLog()));
    Integer entries = request.getInteger("queueEntries");
    if (entries != null) {
      config.setMappedFileSizeConsumeQueue(entries * ENTRY_BYTES);
    }
    config.setMaxHashSlotNum(request.getIntValue("indexSlots", 1_000));
    config.setMaxIndexNum(request.getIntValue("indexEntries", 4_000));
    config.setMessageIndexEnable(request.getBooleanValue("index", true));
    config.setEnabledAppendPropCRC(request.getBooleanValue("appendPropCRC", false));
    config.setForceVerifyPropCRC(request.getBooleanValue("forceVerifyPropCRC", false));
    config.setCheckCommitLogOffsetOnRecover(request.getBooleanValue("checkPositions", false));
    config.setCommitLogRecoverMaxNum(request.getIntValue("recoverMaxFiles", config.getCommitLogRecoverMaxNum()));
    config.setFlushDiskType("sync".equals(request.getString("flush")) ? FlushDiskType.SYNC_FLUSH : FlushDiskType.ASYNC_FLUSH);
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

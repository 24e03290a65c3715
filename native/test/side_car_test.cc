#include "side_car.h"

#include "bare_directory.h"

namespace millrace::testing {
namespace {

WatermarkSlot SlotWith(int64_t durable) {
  WatermarkSlot slot;
  slot.store_id = ShortText("0123456789abcdef0123456789abcdef");
  slot.boot_id = ShortText("boot");
  slot.generation = 3;
  slot.session = 4;
  slot.durable = slot.written = slot.visible = durable;
  slot.last = {durable - 100, 100, 5, 77};
  slot.synced_census = {2, 30};
  return slot;
}

const Identity kIdentity{"0123456789abcdef0123456789abcdef", 4096, 10, {{0, 500}, {900, INT64_MAX}}};

TEST("what the side-car saves it finds again") {
  BareDirectory bare;
  {
    SideCar car(bare.machine, bare.paths);
    REQUIRE_OK(car.MakeDirectories());
    REQUIRE_OK(car.SaveIdentity(kIdentity));
    REQUIRE_OK(car.SaveLosses({{10, 20, LossReason::kMissingFile}}));
    REQUIRE_OK(car.SaveDeletions({{"Gone", {400, {{0, 7}, {3, 9}}}}}));
    REQUIRE_OK(car.OpenWatermarks(8));
    REQUIRE_OK(car.WriteSlot(SlotWith(1000)));
  }
  SideCar::Found found;
  REQUIRE_OK(SideCar(bare.machine, bare.paths).Load(&found));
  CHECK(found.has_identity && found.has_slot);
  CHECK(found.damaged.empty());
  CHECK_EQ(found.identity.store_id, kIdentity.store_id);
  CHECK_EQ(found.identity.own.size(), 2);
  CHECK_EQ(found.identity.own[1].from, 900);
  CHECK_EQ(found.newest.durable, 1000);
  CHECK_EQ(found.newest.sequence, 9);
  CHECK_EQ(found.newest.last.checksum, 77);
  CHECK(found.newest.synced_census == (QueueCensus{2, 30}));
  REQUIRE_EQ(found.losses.size(), 1);
  CHECK_EQ(found.losses[0].reason, LossReason::kMissingFile);
  CHECK_EQ(found.deletions["Gone"].next_offset[3], 9);
  CHECK_EQ(bare.machine.open_files(), 0);
  CHECK_EQ(bare.machine.open_mappings(), 0);
}

TEST("a power cut while a slot is written leaves the one before it, however often the file was opened") {
  for (uint64_t seed = 0; seed < 60; seed++) {
    BareDirectory bare;
    int64_t written = 0;  // slots, which is also the newest one's sequence
    const auto write = [&](SideCar& car, uint64_t count) {
      for (; count > 0; count--, written++) CHECK_OK(car.WriteSlot(SlotWith((written + 1) * 100)));
    };
    for (uint64_t session = 0; session < 1 + seed % 5; session++) {
      SideCar car(bare.machine, bare.paths);
      if (session == 0) REQUIRE_OK(car.SaveIdentity(kIdentity));
      REQUIRE_OK(car.OpenWatermarks(written));
      write(car, 1 + seed % 3);
    }
    {
      SideCar car(bare.machine, bare.paths);
      REQUIRE_OK(car.OpenWatermarks(written));
      write(car, seed % 4);
      bare.machine.FreezeAfter(1);
      CHECK(!car.WriteSlot(SlotWith((written + 1) * 100)).ok());
    }
    bare.machine.Crash(seed % 2 == 0 ? CrashPlan::GarbageAll(seed) : CrashPlan::HalveAll());
    SideCar::Found found;
    REQUIRE_OK(SideCar(bare.machine, bare.paths).Load(&found));
    REQUIRE(found.has_slot);
    CHECK(found.newest.durable >= written * 100);
  }
}

TEST("a published slot is seen by another process and by the successor of a killed one, not after a power cut") {
  BareDirectory bare;
  SideCar car(bare.machine, bare.paths);
  REQUIRE_OK(car.SaveIdentity(kIdentity));
  REQUIRE_OK(car.OpenWatermarks(0));
  REQUIRE_OK(car.WriteSlot(SlotWith(100)));
  SideCar other(bare.machine, bare.paths);
  WatermarkSlot seen;
  CHECK_EQ(other.ReadPublished(&seen).code(), Code::kNotFound);
  for (int64_t i = 2; i < 7; i++) {
    car.Publish(SlotWith(i * 100));
    REQUIRE_OK(other.ReadPublished(&seen));
    CHECK_EQ(seen.durable, i * 100);
  }
  bare.machine.KillProcess();
  SideCar::Found found;
  REQUIRE_OK(SideCar(bare.machine, bare.paths).Load(&found));
  CHECK(found.has_published);
  CHECK_EQ(found.published.durable, 600);
  bare.machine.Crash(CrashPlan::DropAll());
  found = SideCar::Found{};
  REQUIRE_OK(SideCar(bare.machine, bare.paths).Load(&found));
  CHECK(!found.has_published);
  CHECK_EQ(found.newest.durable, 100);
}

TEST("a file that does not verify is not believed, and is kept aside") {
  for (const std::string name : {"identity", "watermarks", "losses", "deletions"}) {
    BareDirectory bare;
    SideCar car(bare.machine, bare.paths);
    REQUIRE_OK(car.SaveIdentity(kIdentity));
    REQUIRE_OK(car.SaveLosses({{10, 20, LossReason::kChecksum}}));
    REQUIRE_OK(car.SaveDeletions({{"Gone", {400, {}}}}));
    REQUIRE_OK(car.OpenWatermarks(0));
    REQUIRE_OK(car.WriteSlot(SlotWith(100)));
    car.CloseWatermarks();
    FileHandle file = kNoFile;
    REQUIRE_OK(io::Open(bare.machine, bare.paths.own + "/" + name, OpenMode::kReadWrite, &file));
    REQUIRE_OK(io::Write(bare.machine, file, BytesOf("rot"), 13));
    bare.machine.Close(file);
    SideCar::Found found;
    REQUIRE_OK(car.Load(&found));
    REQUIRE_EQ(found.damaged.size(), 1);
    CHECK_EQ(found.damaged[0], name);
    CHECK_EQ(found.has_identity, name != "identity");
    CHECK_EQ(found.has_slot, name != "watermarks");
    CHECK_EQ(found.losses.empty(), name == "losses");
    CHECK_EQ(found.deletions.empty(), name == "deletions");
    REQUIRE_OK(car.SetAside(found.damaged));
    CHECK_EQ(bare.Names(bare.paths.set_aside).size(), 1);
    CHECK_EQ(bare.machine.Kind(bare.paths.own + "/" + name), PathKind::kNone);
  }
}

TEST("a slot of another store is none of ours") {
  BareDirectory bare;
  SideCar car(bare.machine, bare.paths);
  Identity other = kIdentity;
  other.store_id = "ffffffffffffffffffffffffffffffff";
  REQUIRE_OK(car.SaveIdentity(other));
  REQUIRE_OK(car.OpenWatermarks(0));
  REQUIRE_OK(car.WriteSlot(SlotWith(100)));
  SideCar::Found found;
  REQUIRE_OK(car.Load(&found));
  CHECK(!found.has_slot);
}

}  // namespace
}  // namespace millrace::testing

#include "index_record.h"

#include "bare_directory.h"

namespace millrace::testing {
namespace {

TEST("an index that nobody keeps is believed no further than the log stayed the same, also when more was indexed") {
  BareDirectory bare;
  IndexRecord record;
  record.shape = {16, 64};
  record.indexed = 1000;
  REQUIRE_OK(record.Save(bare.machine, bare.paths));
  for (const auto& [unchanged, indexed] : {std::pair{2000, 1000}, {500, 500}, {800, 500}}) {
    REQUIRE_OK(LowerIndexRecord(bare.machine, bare.paths, unchanged));
    IndexRecord there;
    REQUIRE_OK(there.Load(bare.machine, bare.paths));
    CHECK_EQ(there.indexed, indexed);
  }
}

}  // namespace
}  // namespace millrace::testing

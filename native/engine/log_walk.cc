#include "log_walk.h"

#include <algorithm>

namespace millrace {

Status LogWalk::Next(int64_t end, int64_t* at, RecordView* record, bool* found) {
  *found = false;
  while (*at < end) {
    LogScanner::Seen seen;
    Status status = scanner_.Look(*at, RuleAt(own_, *at), &seen);
    if (!status.ok()) return status;
    if (seen.kind == RecordKind::kRecord) {
      *at += static_cast<int64_t>(seen.view.bytes.size());
      *record = seen.view;
      *found = true;
      return status;
    }
    int64_t next = -1;
    if (seen.kind != RecordKind::kBlank && !seen.file_missing) {
      status = scanner_.FindRecord(*at + 1, std::min(end, files_.EndOf(*at)), own_, &next);
      if (!status.ok()) return status;
    }
    *at = std::min(end, next < 0 ? files_.EndOf(*at) : next);
  }
  return Status::Ok();
}

}  // namespace millrace

// What JavaScript gives with a read, out of the shared numbers.
#pragma once

#include "session.h"

namespace millrace::binding {

inline int64_t Offset(Session& session) { return static_cast<int64_t>(session.scratch()[scratch::kOffset]); }

inline const std::shared_ptr<const TagFilter>& Filter(Session& session) {
  return session.filter(static_cast<size_t>(session.scratch()[scratch::kFilter]));
}

// The filter in it lives as long as somebody holds Filter's.
inline ReadLimits Limits(Session& session) {
  const double* at = session.scratch();
  return {static_cast<int64_t>(at[scratch::kMaxMessages]), static_cast<int64_t>(at[scratch::kMaxBytes]),
          static_cast<int64_t>(at[scratch::kMaxScanned]), Filter(session).get()};
}

inline ReadMode Mode(Session& session) {
  return session.scratch()[scratch::kOnlyCached] != 0 ? ReadMode::kOnlyCached : ReadMode::kMayBlock;
}

}  // namespace millrace::binding

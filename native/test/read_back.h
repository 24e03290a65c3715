// Decoding a record that ought to be whole, and comparing it with what it was made from.
#pragma once

#include <span>

#include "record_codec.h"
#include "testing.h"

namespace millrace::testing {

// As if the file ended with `bytes`.
inline RecordKind DecodeWhole(std::span<const std::byte> bytes, int64_t position, RecordView* view,
                              ChecksumRule rule = ChecksumRule::kRequired) {
  return DecodeRecord(bytes, position, static_cast<int64_t>(bytes.size()), rule, view);
}

inline void CheckReadsBack(const RecordFields& fields, const RecordView& view) {
  CHECK_EQ(view.queue_id, fields.queue_id);
  CHECK_EQ(view.flag, fields.flag);
  CHECK_EQ(view.sys_flag & ~(format::kBornHostV6 | format::kStoreHostV6), fields.sys_flag);
  CHECK_EQ((view.sys_flag & format::kBornHostV6) != 0, fields.born_host.is_v6);
  CHECK_EQ((view.sys_flag & format::kStoreHostV6) != 0, fields.store_host.is_v6);
  CHECK_EQ(view.born_timestamp, fields.born_timestamp);
  CHECK_EQ(view.reconsume_times, fields.reconsume_times);
  CHECK_EQ(view.prepared_transaction_offset, fields.prepared_transaction_offset);
  CHECK_EQ(view.body, fields.body);
  CHECK_EQ(view.topic, fields.topic);
  CHECK(view.properties.starts_with(fields.properties));
  CHECK(view.has_checksum);
}

}  // namespace millrace::testing

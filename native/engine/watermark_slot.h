// What the side-car says about the log at one moment. Everything in it was true when it was stored, and stays true: that is
// why a slot may be believed after any crash, however old it is. Layout: docs/format.md, "Watermarks".
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "chunk.h"

namespace millrace {

// How much all queues together held: enough to notice that entries, or whole queues, went missing behind our back.
struct QueueCensus {
  int64_t queues = 0;  // with a file
  int64_t sum = 0;     // of their next offsets
  bool operator==(const QueueCensus&) const = default;
};

// Short text of a fixed place: what it does not fill is zero.
struct ShortText {
  std::array<char, 40> text{};

  ShortText() = default;
  explicit ShortText(std::string_view from) { from.copy(text.data(), text.size()); }
  bool operator==(const ShortText&) const = default;
};

struct WatermarkSlot {
  static constexpr int64_t kSlotBytes = 4096;  // one slot a block: a torn write harms no other
  static constexpr int kSyncedSlots = 2;       // written in turn and synced
  static constexpr int kPublishedSlots = 2;  // written in turn, never synced: for other processes, and for a killed one's successor
  static constexpr int64_t kFileBytes = kSlotBytes * (kSyncedSlots + kPublishedSlots);

  int64_t sequence = 0;  // one more at each writing, over all slots
  ShortText store_id;
  ShortText boot_id;       // of the operating system that ran when it was written
  int64_t process_id = 0;  // the owner's
  int64_t session = 0;     // drawn at each open; `abort` names it while that open lasts
  int64_t generation = 0;  // one more at each open that cut the log
  bool clean = false;      // closed in order: W is the end of the log
  bool sync_failed = false;
  bool sync_in_flight = false;

  int64_t first = 0;
  int64_t durable = 0;  // W: everything below was on disk
  LastRecord last;      // the newest record below W
  int64_t written = 0;
  int64_t visible = 0;
  int64_t queued = 0;         // every queue entry of a position below is in a file, synced or not
  QueueCensus queued_census;  // what the queues held then
  int64_t synced_queues = 0;  // Q: the same, and synced
  QueueCensus synced_census;

  static constexpr size_t kEncodedBytes = 12 + 2 * 40 + 18 * 8 + 3 * 4 + 4;
  // No allocation: this happens with every group of appends.
  std::array<std::byte, kEncodedBytes> Encode() const;
  // False when the bytes are not a whole slot.
  bool Decode(std::span<const std::byte> bytes);
};

}  // namespace millrace

// Reading: at once into the caller's bytes, or as a task whose bytes are fetched when it is done.
#include <algorithm>
#include <cstring>

#include "calls.h"
#include "limits.h"

namespace millrace::binding {
namespace {

// setFilter(id, filterId, tags): what kFilter of a read names
void SetFilter(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  std::string_view tags;
  (void)session.Text(info.Env(), info[2], &tags);
  session.SetFilter(static_cast<size_t>(Int32(info, 1)), tags);
}

// read(id, queue, bytes, at): the status
Napi::Value Read(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  ReadOutcome outcome;
  const std::span<std::byte> to = Bytes(info, 2).subspan(static_cast<size_t>(Int64(info, 3)));
  const int64_t offset = Offset(session);
  const Status status = session.store()->Read(Int32(info, 1), offset, Limits(session), Mode(session), to, &outcome);
  session.NoteRead(outcome);
  return Number(info, session.Note(status));
}

// readLater(id, task, queue)
void ReadLater(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const ReadLimits limits = Limits(session);
  const int64_t offset = Offset(session);
  const int32_t queue = Int32(info, 2);
  // Held by the task: JavaScript may give its number to another filter meanwhile.
  session.Run(Int32(info, 1), [&session, queue, offset, limits, filter = Filter(session)](Completion& completion) {
    do {
      completion.bytes.resize(static_cast<size_t>(completion.read.bytes_needed));
      completion.status = session.store()->Read(queue, offset, limits, ReadMode::kMayBlock, completion.bytes, &completion.read);
    } while (completion.status.code() == Code::kTooLarge);
  });
}

// readAt(id, position, bytes, at): the status; the record's size in kBytes
Napi::Value ReadAt(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  int64_t bytes = 0;
  const std::span<std::byte> to = Bytes(info, 2).subspan(static_cast<size_t>(Int64(info, 3)));
  const Status status = session.store()->ReadAt(Int64(info, 1), Mode(session), to, &bytes);
  session.scratch()[scratch::kBytes] = session.scratch()[scratch::kBytesNeeded] = static_cast<double>(bytes);
  return Number(info, session.Note(status));
}

// readAtLater(id, task, position)
void ReadAtLater(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const int64_t position = Int64(info, 2);
  session.Run(Int32(info, 1), [&session, position](Completion& completion) {
    do {
      completion.bytes.resize(static_cast<size_t>(completion.read.bytes));
      completion.status = session.store()->ReadAt(position, ReadMode::kMayBlock, completion.bytes, &completion.read.bytes);
    } while (completion.status.code() == Code::kTooLarge);
  });
}

// readDone(id, task): what a finished read found, as `read` does, but for the bytes
void ReadDone(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  session.NoteRead(session.taken(Int32(info, 1)).read);
}

// readBytes(id, task, bytes, at): copies the bytes of a finished read, and forgets it
void ReadBytes(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const Completion& done = session.taken(Int32(info, 1));
  const std::span<std::byte> to = Bytes(info, 2).subspan(static_cast<size_t>(Int64(info, 3)));
  std::memcpy(to.data(), done.bytes.data(), std::min(to.size(), static_cast<size_t>(done.read.bytes)));
  session.Forget(Int32(info, 1));
}

// lostOfRead(id): for each run fromOffset, toOffset, count, and count times from, to, reason
Napi::Value LostOfRead(const Napi::CallbackInfo& info) {
  std::vector<double> numbers;
  for (const LostMessages& run : SessionOf(info).lost()) {
    numbers.insert(numbers.end(), {static_cast<double>(run.from_offset), static_cast<double>(run.to_offset),
                                   static_cast<double>(run.ranges.size())});
    for (const LostRange& range : run.ranges) {
      numbers.insert(numbers.end(),
                     {static_cast<double>(range.from), static_cast<double>(range.to), static_cast<double>(range.reason)});
    }
  }
  Napi::Float64Array array = Napi::Float64Array::New(info.Env(), numbers.size());
  std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

TimeBorder Border(const Napi::CallbackInfo& info, size_t index) {
  return {.timestamp = Int64(info, index), .equal_is_before = Int32(info, index + 1) != 0};
}

// What is asked for when equal times are before the border is the last message before it, else the first one behind.
double Answer(const TimeBorder& border, const TimeSearch::Found& found) {
  return static_cast<double>(border.equal_is_before ? found.before : found.behind);
}

// offsetAt(id, queue, timestamp, upper): the status; the offset in kNextOffset
Napi::Value OffsetAt(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const TimeBorder border = Border(info, 2);
  TimeSearch::Found found;
  const Status status = session.store()->FindTime(Int32(info, 1), border, ReadMode::kOnlyCached, &found);
  session.scratch()[scratch::kNextOffset] = Answer(border, found);
  return Number(info, session.Note(status));
}

// offsetAtLater(id, task, queue, timestamp, upper)
void OffsetAtLater(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const int32_t queue = Int32(info, 2);
  const TimeBorder border = Border(info, 3);
  session.Run(Int32(info, 1), [&session, queue, border](Completion& completion) {
    completion.status = session.store()->FindTime(queue, border, ReadMode::kMayBlock, &completion.time);
  });
}

// offsetAtDone(id, task, upper): what a finished search found, as `offsetAt` does, and forgets it
void OffsetAtDone(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  const int32_t task = Int32(info, 1);
  const TimeBorder border{.equal_is_before = Int32(info, 2) != 0};
  session.scratch()[scratch::kNextOffset] = Answer(border, session.taken(task).time);
  session.Forget(task);
}

Napi::Value Follow(const Napi::CallbackInfo& info) {
  Session& session = SessionOf(info);
  return Number(info, session.Note(session.store()->Follow()));
}

}  // namespace

void RegisterReadCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("setFilter", Napi::Function::New<SetFilter>(env));
  exports.Set("read", Napi::Function::New<Read>(env));
  exports.Set("readLater", Napi::Function::New<ReadLater>(env));
  exports.Set("readAt", Napi::Function::New<ReadAt>(env));
  exports.Set("readAtLater", Napi::Function::New<ReadAtLater>(env));
  exports.Set("readDone", Napi::Function::New<ReadDone>(env));
  exports.Set("readBytes", Napi::Function::New<ReadBytes>(env));
  exports.Set("lostOfRead", Napi::Function::New<LostOfRead>(env));
  exports.Set("offsetAt", Napi::Function::New<OffsetAt>(env));
  exports.Set("offsetAtLater", Napi::Function::New<OffsetAtLater>(env));
  exports.Set("offsetAtDone", Napi::Function::New<OffsetAtDone>(env));
  exports.Set("follow", Napi::Function::New<Follow>(env));
}

}  // namespace millrace::binding

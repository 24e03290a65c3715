// The functions of the addon, by what they are about. Each converts its arguments, forwards, and converts the result.
#pragma once

#include <napi.h>

#include "session.h"

namespace millrace::binding {

// Everything of one environment.
class AddonData {
 public:
  int32_t Add(std::unique_ptr<Session> session) {
    sessions_.push_back(std::move(session));
    return static_cast<int32_t>(sessions_.size() - 1);
  }
  Session& At(size_t id) { return *sessions_[id]; }
  void Remove(size_t id) { sessions_[id].reset(); }

 private:
  std::vector<std::unique_ptr<Session>> sessions_;
};

// The first argument of every call is the number that `open` gave; ts/native.ts never passes another.
inline Session& SessionOf(const Napi::CallbackInfo& info) {
  uint32_t id = 0;
  napi_get_value_uint32(info.Env(), info[0], &id);
  return info.Env().GetInstanceData<AddonData>()->At(id);
}

inline int32_t Int32(const Napi::CallbackInfo& info, size_t index) {
  int32_t value = 0;
  napi_get_value_int32(info.Env(), info[index], &value);
  return value;
}

inline int64_t Int64(const Napi::CallbackInfo& info, size_t index) {
  int64_t value = 0;
  napi_get_value_int64(info.Env(), info[index], &value);
  return value;
}

inline Napi::Value Number(const Napi::CallbackInfo& info, double value) { return Napi::Number::New(info.Env(), value); }

// The bytes of a Uint8Array, of any kind.
inline std::span<std::byte> Bytes(const Napi::CallbackInfo& info, size_t index) {
  void* data = nullptr;
  size_t length = 0;
  napi_get_typedarray_info(info.Env(), info[index], nullptr, &length, &data, nullptr, nullptr);
  return {static_cast<std::byte*>(data), length};
}

void RegisterOpenCalls(Napi::Env env, Napi::Object exports);
void RegisterAppendCalls(Napi::Env env, Napi::Object exports);
void RegisterReadCalls(Napi::Env env, Napi::Object exports);
void RegisterTransferCalls(Napi::Env env, Napi::Object exports);
void RegisterKeyCalls(Napi::Env env, Napi::Object exports);
void RegisterStateCalls(Napi::Env env, Napi::Object exports);

}  // namespace millrace::binding

// One wake-up of JavaScript at a time: any number of Notify calls before it runs are one call of the function.
//
// Notify may come from any thread until Release. The function runs on the environment's thread; an environment that is ending is
// left alone. Keeps the process alive exactly while Hold(true).
#pragma once

#include <napi.h>

#include <atomic>

namespace millrace::binding {

class Wakeup {
 public:
  Wakeup(Napi::Env env, Napi::Function function);

  void Notify();
  void Hold(bool hold);
  void Release(bool abort);

 private:
  static void Call(napi_env env, napi_value function, void* context, void* data);
  static void Finalize(napi_env env, void* data, void* hint);

  // Outlives this object: calls may still be on their way when it is gone.
  struct Context {
    std::atomic<bool> pending{false};
  };

  napi_env env_;
  napi_threadsafe_function call_ = nullptr;
  Context* context_;
  bool held_ = false;
};

}  // namespace millrace::binding

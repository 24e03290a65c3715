#include "wakeup.h"

namespace millrace::binding {

Wakeup::Wakeup(Napi::Env env, Napi::Function function) : env_(env), context_(new Context) {
  napi_create_threadsafe_function(env, function, nullptr, Napi::String::New(env, "millrace"), 0, 1, context_, Finalize, context_,
                                  Call, &call_);
  napi_unref_threadsafe_function(env, call_);
}

void Wakeup::Notify() {
  if (context_->pending.exchange(true, std::memory_order_acq_rel)) return;
  napi_call_threadsafe_function(call_, nullptr, napi_tsfn_nonblocking);
}

void Wakeup::Hold(bool hold) {
  if (hold == held_) return;
  held_ = hold;
  if (hold)
    napi_ref_threadsafe_function(env_, call_);
  else
    napi_unref_threadsafe_function(env_, call_);
}

void Wakeup::Release(bool abort) { napi_release_threadsafe_function(call_, abort ? napi_tsfn_abort : napi_tsfn_release); }

void Wakeup::Call(napi_env env, napi_value function, void* context, void*) {
  // A wake-up that nobody will hear: Node gives those back at the end of the environment, behind Finalize, and the context is gone.
  if (env == nullptr || function == nullptr) return;
  // Cleared first: what happens while JavaScript looks around wakes it once more.
  static_cast<Context*>(context)->pending.store(false, std::memory_order_release);
  napi_value undefined;
  if (napi_get_undefined(env, &undefined) == napi_ok) napi_call_function(env, undefined, function, 0, nullptr, nullptr);
}

void Wakeup::Finalize(napi_env, void* data, void*) { delete static_cast<Context*>(data); }

}  // namespace millrace::binding

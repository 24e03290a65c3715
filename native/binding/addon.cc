// The module: what one environment (main thread or worker) has, and the list of calls.
#include "calls.h"
#include "freed_buffers.h"

namespace millrace::binding {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  KeepFreedBuffers();
  env.SetInstanceData(new AddonData());
  RegisterOpenCalls(env, exports);
  RegisterAppendCalls(env, exports);
  RegisterReadCalls(env, exports);
  RegisterTransferCalls(env, exports);
  RegisterKeyCalls(env, exports);
  RegisterStateCalls(env, exports);
  return exports;
}

NODE_API_MODULE(millrace, Init)

}  // namespace millrace::binding

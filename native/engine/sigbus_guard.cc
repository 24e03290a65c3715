#include "sigbus_guard.h"

#include <pthread.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstring>

// The handler reads thread-local variables, and must not be the first to touch them in a module loaded at run time: glibc would
// allocate memory then. This model places them when the module is loaded. Other C libraries do so anyway.
#if defined(__GLIBC__)
#define MILLRACE_HANDLER_LOCAL __attribute__((tls_model("initial-exec")))
#else
#define MILLRACE_HANDLER_LOCAL
#endif

namespace millrace {
namespace {

MILLRACE_HANDLER_LOCAL thread_local sigjmp_buf* active_copy = nullptr;
MILLRACE_HANDLER_LOCAL thread_local bool thread_is_ready = false;

struct sigaction previous_action;

bool IsFaultOfThisThread(const siginfo_t& info) {
#if defined(BUS_MCEERR_AO)
  if (info.si_code == BUS_MCEERR_AO) return false;  // news about a page nobody touched
#endif
  return info.si_code > 0;  // not sent by a process
}

void PassOn(int number, siginfo_t* info, void* context) {
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(number, info, context);
    return;
  }
  const bool is_fault = IsFaultOfThisThread(*info);
  if (previous_action.sa_handler == SIG_IGN && !is_fault) return;
  if (previous_action.sa_handler != SIG_IGN && previous_action.sa_handler != SIG_DFL) {
    previous_action.sa_handler(number);
    return;
  }
  struct sigaction default_action {};
  default_action.sa_handler = SIG_DFL;
  sigaction(number, &default_action, nullptr);
  if (!is_fault) raise(number);  // a fault comes again by itself, with its own address in the core file
}

void OnSigbus(int number, siginfo_t* info, void* context) {
  if (active_copy != nullptr && IsFaultOfThisThread(*info)) {
    // Put back here, where it is needed: sigsetjmp would save the mask for every copy, with a system call.
    pthread_sigmask(SIG_SETMASK, &static_cast<ucontext_t*>(context)->uc_sigmask, nullptr);
    siglongjmp(*active_copy, 1);
  }
  const int saved_errno = errno;
  PassOn(number, info, context);
  errno = saved_errno;
}

bool InstallHandler() {
  struct sigaction action {};
  action.sa_sigaction = OnSigbus;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  // Known before ours can run: a fault between the two calls below must find it.
  sigaction(SIGBUS, nullptr, &previous_action);
  return sigaction(SIGBUS, &action, nullptr) == 0;
}

// A fault that finds SIGBUS blocked kills the process, whatever the handler.
void MakeThreadReady() {
  [[maybe_unused]] static const bool installed = InstallHandler();
  sigset_t sigbus;
  sigemptyset(&sigbus);
  sigaddset(&sigbus, SIGBUS);
  pthread_sigmask(SIG_UNBLOCK, &sigbus, nullptr);
  thread_is_ready = true;
}

}  // namespace

int GuardedCopy(std::byte* to, const std::byte* from, size_t size) {
  if (size == 0) return 0;
  if (!thread_is_ready) MakeThreadReady();
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {
    active_copy = nullptr;
    return EIO;
  }
  active_copy = &here;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::memcpy(to, from, size);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  active_copy = nullptr;
  return 0;
}

}  // namespace millrace

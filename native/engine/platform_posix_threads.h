// The part of the real platform that is threads: services, and monitors to wait with.
//
// Each service has a thread of its own, with all signals blocked but those that a fault raises. Before it sleeps it may look out
// for a Wake for a moment, if its service says so (Service::lookout_nanos) and it paid the time before: waking a thread that
// sleeps costs the waker a system call and both of them the way through the scheduler, more than a small write.
#pragma once

#include <memory>

#include "platform.h"

namespace millrace {

std::unique_ptr<Monitor> MakeMonitor();
// Null when the system has no thread left.
std::unique_ptr<ServiceThread> StartServiceThread(const char* name, Service* service);

}  // namespace millrace

// The part of the real platform that is threads: services, and monitors to wait with.
//
// Each service has a thread of its own, with all signals blocked but those that a fault raises.
#pragma once

#include <memory>

#include "platform.h"

namespace millrace {

std::unique_ptr<Monitor> MakeMonitor();
// Null when the system has no thread left.
std::unique_ptr<ServiceThread> StartServiceThread(const char* name, Service* service);

}  // namespace millrace

// Copies to and from mappings that survive a fault of the mapping.
//
// A mapped page that cannot be brought in (the file was cut, the disk is full or broken) raises SIGBUS in the thread that touched
// it. GuardedCopy turns that into an errno. It promises nothing about the bytes of `to` after a failure: any part may be copied.
//
// The process has one SIGBUS handler, installed at the first GuardedCopy and never removed: the code that holds it must stay
// loaded (link with -z nodelete). A fault outside a GuardedCopy goes to whoever handled SIGBUS before, or kills the process as it
// would have. Someone who installs a handler later without chaining to ours defeats the guard. What a thread is copying is
// thread-local; all threads may copy at once.
#pragma once

#include <cstddef>

namespace millrace {

// 0, or EIO after a fault.
int GuardedCopy(std::byte* to, const std::byte* from, size_t size);

}  // namespace millrace

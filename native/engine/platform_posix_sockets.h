// The part of the real platform that sends: what platform.h promises of sockets, by the calls of Linux and macOS.
//
// Free functions without a state of their own; platform_posix.cc forwards to them. Descriptors are the caller's. Any thread.
#pragma once

#include <memory>
#include <span>

#include "platform.h"

namespace millrace {

IoResult DuplicateDescriptor(FileHandle socket, FileHandle* copy);
IoResult SendFromFile(FileHandle socket, FileHandle file, int64_t position, int64_t size);
IoResult SendPieces(FileHandle socket, std::span<const std::span<const std::byte>> pieces, bool more);
std::unique_ptr<SocketWaiter> MakeSocketWaiter();

}  // namespace millrace

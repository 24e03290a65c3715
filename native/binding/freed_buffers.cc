#include "freed_buffers.h"

#include <cstddef>
#include <cstdlib>

namespace millrace::binding {

namespace {

// Untouched, so that it costs address space only. Half of what glibc keeps from then on; 8 MiB is too little for the waves of
// reads of 256 KiB.
constexpr std::size_t kMappedBlock = std::size_t{16} << 20;

}  // namespace

void KeepFreedBuffers() {
  // Volatile: a compiler may leave out an allocation that nobody looks at.
  void* volatile block = std::malloc(kMappedBlock);
  std::free(block);
}

}  // namespace millrace::binding

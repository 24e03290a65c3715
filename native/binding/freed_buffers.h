// What the C library does with the memory of buffers that JavaScript has dropped.
//
// A large read gets a buffer of its own, and the collector frees dozens of them at once. With glibc's first thresholds each such
// wave goes back to the kernel, and every page of the next buffers is a fault: more than the copy into them costs.
#pragma once

namespace millrace::binding {

// Lets the C library keep up to some 32 MiB of freed memory for whoever allocates next, by its own rule: freeing a block that was
// mapped raises its thresholds to that block's size. No effect where mallopt or the environment has set them, and in other C
// libraries. Any thread, any number of times.
void KeepFreedBuffers();

}  // namespace millrace::binding

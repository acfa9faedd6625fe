#pragma once

#include <sys/types.h>

#include <cstdint>

namespace oklo::sys {

// What processes have used.
struct Usage {
  uint64_t processor_us = 0;  // in the program and in the kernel
  uint64_t voluntary = 0;     // times that a thread waited for something
  uint64_t involuntary = 0;   // times that another one was let run in its place
};

// Of all that this process has waited for, and of those that they have waited for (getrusage(2)).
Usage usage_of_children();

// Nanoseconds of a processor that any process has had, with those threads of it that have ended; 0 when there
// is none of that number.
uint64_t processor_ns(pid_t pid);

// Nanoseconds for which this thread could have run and waited for a processor, as /proc/thread-self/schedstat
// has them (proc(5)); 0 where nobody counts them.
uint64_t waited_for_processor_ns();

}  // namespace oklo::sys

#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/counter.h"
#include "sys/fd.h"
#include "sys/usage.h"

#include <oklo/function.h>

namespace oklo::lab {

// What a keeper shows in memory that it shares with the lab; zeroed memory is an empty one.
struct KeeperBoard {
  Counter call_stops;                     // two for each system call of what it keeps
  std::atomic<int32_t> trace_error = 0;   // why system calls can't be seen: an errno number
  std::atomic<uint32_t> may_play = 0;     // whoever plays waits for this
  sys::Usage used = {};                   // by all, when the keeper has ended
};

// What is to be kept.
struct Play {
  std::string title;              // of that process in ps(1)
  Function<void(int tell)> play;  // is called in a process of its own, with the fd that the lab reads from
  bool counts_calls = false;      // has every system call seen, which makes it slow
};

// The life of a keeper, a process between the lab and what the lab runs. Whoever starts a process there, and
// however far that goes away, it remains a descendant of the keeper, which is a subreaper (prctl(2)). When
// all have ended, or on SIGTERM, which the kernel also sends when the lab has died, it kills and reaps all
// that is left, says what they have used, and ends.
[[noreturn]] void keep(KeeperBoard& board, const Play& play, sys::Fd tell, pid_t lab);

}  // namespace oklo::lab

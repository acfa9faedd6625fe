#pragma once

#include <cstdint>

namespace oklo {

// What the master remembers of one worker's turns.
struct Watched {
  uint64_t told_since_ms = 0;  // of the turn that was told of already
  uint64_t from_ms = 0;        // what was before does not count: it was stopped
};

enum class Verdict : uint8_t {
  well,
  stuck,  // in one turn for longer than the limit; told once a turn
  still_stuck,
};

// Judges a worker whose Reactor says that its turn began at `busy_since_ms` (0: it waits in the kernel). The
// times are those of the monotonic clock.
Verdict judge(Watched& watched, uint64_t busy_since_ms, uint64_t now_ms, uint32_t limit_ms);

}  // namespace oklo

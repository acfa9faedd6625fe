#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "shm/broadcast_ring.h"
#include "sys/event_fd.h"

namespace oklo {

// A ring and a bell for each life: what a life says to all others it writes to its own ring, and then it
// rings their bells. Made by the master before it forks, so that the next life of an index goes on with
// them, and those of all generations hear each other.
class Broadcast {
 public:
  static constexpr size_t kRingBytes = 1 << 20;  // touched only when something is written

  static Result<Broadcast> create(uint32_t lives);

  uint32_t lives() const { return static_cast<uint32_t>(rings_.size()); }
  const BroadcastRing& ring(uint32_t life) const { return rings_[life]; }
  sys::EventFd& bell(uint32_t life) { return bells_[life]; }
  // The fds that children must keep.
  void add_fds(std::vector<int>& to) const;

 private:
  Broadcast() = default;

  std::vector<BroadcastRing> rings_;
  std::vector<sys::EventFd> bells_;
};

}  // namespace oklo

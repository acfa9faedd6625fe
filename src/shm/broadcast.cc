#include "shm/broadcast.h"

namespace oklo {

Result<Broadcast> Broadcast::create(uint32_t lives) {
  Broadcast made;
  for (uint32_t i = 0; i < lives; i++) {
    Result<BroadcastRing> ring = BroadcastRing::create(kRingBytes);
    if (!ring) return ring.error();
    Result<sys::EventFd> bell = sys::EventFd::create();
    if (!bell) return bell.error();
    made.rings_.push_back(std::move(ring).value());
    made.bells_.push_back(std::move(bell).value());
  }
  return made;
}

void Broadcast::add_fds(std::vector<int>& to) const {
  for (const sys::EventFd& bell : bells_) to.push_back(bell.fd());
}

}  // namespace oklo

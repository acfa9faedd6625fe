#include "reactor/doorbell.h"

namespace oklo {

Result<std::unique_ptr<Doorbell>> Doorbell::create(Reactor& reactor, sys::EventFd& bell,
                                                   Function<void()> on_ring) {
  std::unique_ptr<Doorbell> doorbell(new Doorbell(reactor, bell, std::move(on_ring)));
  if (long failed = reactor.add(bell.fd(), sys::kReadable, *doorbell); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch a doorbell");
  doorbell->watched_ = true;
  return doorbell;
}

Doorbell::Doorbell(Reactor& reactor, sys::EventFd& bell, Function<void()> on_ring)
    : reactor_(reactor), bell_(bell), on_ring_(std::move(on_ring)) {}

Doorbell::~Doorbell() {
  if (watched_) reactor_.remove(bell_.fd());
}

// The bell is silenced before anyone looks, so that a ring while they look is not lost.
void Doorbell::on_event(uint32_t) {
  bell_.clear();
  on_ring_();
}

}  // namespace oklo

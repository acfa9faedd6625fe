#pragma once

#include <memory>

#include "reactor/reactor.h"
#include "sys/event_fd.h"

namespace oklo {

// An eventfd that says "look at the shared memory": the listening side, in the Reactor of whoever is to
// look. Others ring the EventFd that it listens to.
class Doorbell final : private EventHandler {
 public:
  static Result<std::unique_ptr<Doorbell>> create(Reactor& reactor, sys::EventFd& bell,
                                                  Function<void()> on_ring);
  ~Doorbell();

 private:
  Doorbell(Reactor& reactor, sys::EventFd& bell, Function<void()> on_ring);
  void on_event(uint32_t events) override;

  Reactor& reactor_;
  sys::EventFd& bell_;
  Function<void()> on_ring_;
  bool watched_ = false;
};

}  // namespace oklo

#pragma once

#include <memory>
#include <vector>

#include "reactor/reactor.h"
#include "sys/signal_fd.h"

namespace oklo {

// Signals as events of a Reactor. Owned by whoever wants them; it stops watching when it dies.
class SignalSource final : private EventHandler {
 public:
  static Result<std::unique_ptr<SignalSource>> create(Reactor& reactor, const std::vector<int>& signals,
                                                      Function<void(int signal)> on_signal);
  ~SignalSource();

 private:
  SignalSource(Reactor& reactor, sys::SignalFd signals, Function<void(int)> on_signal);
  void on_event(uint32_t events) override;

  Reactor& reactor_;
  sys::SignalFd signals_;
  Function<void(int)> on_signal_;
  bool watched_ = false;
};

}  // namespace oklo

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reactor/reactor.h"

#include <oklo/function.h>

namespace oklo {

// Tells the service manager that has started this process, such as systemd, how the service does: the
// protocol of sd_notify(3). Where none has asked for it, it says nothing. Owned by the Master; the Reactor
// outlives it.
class Notifier {
 public:
  // Takes what the manager asks for out of the environment, so that no child finds it there. As long as
  // `is_healthy` says so and the service is up, a watchdog of the manager hears that the service is alive.
  Notifier(Reactor& reactor, Function<bool()> is_healthy);

  // What the service does now stands in `status`, one line for people.
  void up(std::string_view status);
  // Several reloads may be under way: the manager hears of the end of the last.
  void reloading();
  void reloaded(std::string_view status);
  void stopping();

 private:
  static constexpr uint32_t kAgainMs = 100;         // after what the manager had no room for
  static constexpr size_t kStatusBytesMax = 1024;

  struct Beat final : Timer {
    explicit Beat(Notifier& of) : notifier(of) {}
    void on_timer() override { notifier.beat(); }
    Notifier& notifier;
  };
  struct Again final : Timer {
    explicit Again(Notifier& of) : notifier(of) {}
    void on_timer() override { notifier.say(std::string(notifier.unsaid_)); }
    Notifier& notifier;
  };

  void say(std::string_view message);
  void beat();

  Reactor& reactor_;
  Function<bool()> is_healthy_;
  std::string place_;       // empty: nobody listens
  uint64_t beat_ms_ = 0;    // 0: there is no watchdog
  uint32_t reloads_ = 0;    // under way
  bool stopping_ = false;
  std::string unsaid_;
  Beat beat_{*this};
  Again again_{*this};
};

}  // namespace oklo

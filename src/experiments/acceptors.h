#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "experiments/child.h"
#include "experiments/place.h"
#include "experiments/shared_page.h"

namespace oklo::experiments {

// How processes that accept at the same address come to their connections.
enum class Accepting : uint8_t {
  shared,      // one listener, which each watches with an epoll instance of its own
  exclusive,   // the same with EPOLLEXCLUSIVE (epoll_ctl(2))
  reuse_port,  // a listener for each (SO_REUSEPORT, socket(7))
};

// Some such processes, which answer each connection with a byte and close it.
class Acceptors {
 public:
  static constexpr unsigned kMost = 8;

  // Without /proc nobody can tell when they sleep.
  static bool can_be_watched();
  static Result<Acceptors> start(Accepting way, unsigned count);

  // A client comes when all of them sleep, is answered, and goes. Then waits until all sleep again.
  Result<void> visit();

  // What the visits have cost until now, of all of them. Wake-ups are told by the kernel, which counts how
  // often a process has gone to sleep: one that is woken and finds that another was faster does not come out
  // of epoll_wait.
  struct Costs {
    double wake_ups = 0;
    double turns = 0;    // of the loop: epoll_wait has returned
    double in_vain = 0;  // accepts that found nothing
  };
  Costs costs() const;

  // How many connections each has got.
  std::vector<double> shares() const;

 private:
  struct Row {
    std::atomic<uint32_t> turns = 0, accepted = 0, in_vain = 0;
  };
  using Rows = std::array<Row, kMost>;

  Acceptors(Place place, SharedPage<Rows> rows) : place_(std::move(place)), rows_(std::move(rows)) {}
  Result<void> start_all(Accepting way, unsigned count);
  static void run(int listener, uint32_t interest, Row& row);
  std::optional<uint64_t> falls_asleep() const;
  Result<void> wait_for_calm();

  Place place_;
  SharedPage<Rows> rows_;
  std::vector<Child> children_;
  uint64_t sleeps_before_ = 0, sleeps_now_ = 0;
};

}  // namespace oklo::experiments

#pragma once

#include <string>

#include "base/result.h"
#include "lab/interrupts.h"
#include "lab/keeper.h"
#include "sys/memory.h"

namespace oklo::lab {

// A room in which something runs, with all processes that it starts. When it dies they are all gone, whatever
// they did to get away: also when the lab itself is killed.
class Chamber {
 public:
  // The interrupts are borrowed.
  static Result<Chamber> open(Interrupts& interrupts, const Play& play);
  Chamber(Chamber&& other) noexcept;
  Chamber& operator=(Chamber&&) = delete;
  ~Chamber();

  // The next parcel that was told there. The error: none came by that time of monotonic_ms, all processes
  // have ended without, or the lab is to end.
  Result<std::string> hear(uint64_t until_ms);

  // Lets whoever has told something go on, and waits for that: its fd becomes readable.
  void reply();

  // All processes that are in it now, without the keeper.
  std::vector<pid_t> family() const;
  // The system calls that were made in it until now, when its Play wants them counted.
  uint64_t calls() const { return board().call_stops.value() / 2; }
  // Why they can't be; 0 when they can.
  int trace_error() const { return board().trace_error; }

  // Ends all that is in it; what they have used from the first to the last.
  sys::Usage end();

 private:
  Chamber(Interrupts& interrupts, sys::Memory memory, sys::Fd heard, pid_t keeper)
      : interrupts_(&interrupts), memory_(std::move(memory)), heard_(std::move(heard)), keeper_(keeper) {}
  bool keeper_lives() const;
  KeeperBoard& board() const { return *reinterpret_cast<KeeperBoard*>(memory_.data()); }

  Interrupts* interrupts_;
  sys::Memory memory_;
  sys::Fd heard_;
  std::string unread_;
  pid_t keeper_;  // 0: it has ended
};

// Says something from inside of it.
void tell(int fd, const std::string& sealed_parcel);

}  // namespace oklo::lab

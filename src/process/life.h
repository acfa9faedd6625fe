#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "process/control_channel.h"
#include "process/watchdog.h"
#include "sys/process.h"

namespace oklo {

// One process that is kept, as its keeper sees it: from its fork until it was reaped. Owned by the
// Supervisor.
struct Life {
  pid_t pid = 0;
  uint32_t index = 0;       // of its row in the Scoreboard
  uint32_t slot = 0;
  bool is_worker = true;    // else it is a process of the program's own
  std::string name;         // "worker 1", or that of the process
  uint32_t generation = 0;
  uint64_t started_ms = 0;
  enum class State { starting, ready, draining, killed } state = State::starting;
  bool stopped = false;     // by SIGSTOP or a debugger
  bool reads_wires = false;  // it was told to
  uint64_t let_go_by_ms = 0;  // killed when it still reads them then; 0: it need not leave
  bool late = false;        // connections wait for it and it does not turn
  Watched watched;
  uint64_t turns_seen = 0;
  uint64_t requests_seen = 0;
  bool waited_for = false;  // connections waited at the last look
  uint64_t leave_by_ms = 0;  // killed when it is still there; 0: the keeper says it otherwise
  std::string failure;      // why it ends before it was ready, as it said or as the keeper decided
  std::unique_ptr<ControlChannel> channel;

  // "worker 1 (pid 123, generation 4)".
  std::string describe() const;
  bool serves() const { return state == State::ready && !stopped && !late; }
  void tell(ControlMessage::Type type, uint32_t argument);
  void kill(const std::string& why);
};

}  // namespace oklo

#include "models/children.h"

#include <algorithm>
#include <vector>

#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::models {

namespace {

constexpr uint64_t kPauseMs = 100;  // one that can't live is not started again without a pause

}  // namespace

Result<pid_t> start_child(const Function<void()>& work) {
  pid_t parent = sys::current_pid();
  Result<pid_t> pid = sys::fork_process();
  if (!pid || *pid != 0) return pid;
  sys::die_with_parent(parent);
  work();
  sys::exit_now(0);
}

// A child that can't be started at first is an error; one that can't be started again is tried once more.
Result<void> keep_children(unsigned count, const Function<void(unsigned)>& work) {
  std::vector<pid_t> pids(count);
  for (bool begun = false;; begun = true) {
    for (unsigned number = 0; number < count; number++) {
      if (pids[number]) continue;
      Result<pid_t> pid = start_child([&] { work(number); });
      if (!pid && !begun) return pid.error();
      pids[number] = pid ? *pid : 0;
    }
    bool all_live = std::find(pids.begin(), pids.end(), 0) == pids.end();
    if (std::optional<sys::ChildEvent> ended; all_live && (ended = sys::wait_for_child()))
      std::replace(pids.begin(), pids.end(), ended->pid, pid_t{0});
    sys::wait_until(sys::monotonic_ms() + kPauseMs);
  }
}

}  // namespace oklo::models

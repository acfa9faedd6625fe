#include "lab/family.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sys/file.h"
#include "sys/process.h"
#include "sys/signal_fd.h"
#include "sys/time.h"
#include "sys/tracing.h"
#include "sys/waiting.h"

namespace oklo::lab {

namespace {

constexpr size_t kRollupBytesMax = 64 * 1024;
constexpr uint64_t kLookAgainMs = 2;
constexpr uint64_t kGraceMs = 200;  // a daemon takes the file with its pid away

// Pairs of parent and child, ordered by the parent.
std::vector<std::pair<pid_t, pid_t>> all_births() {
  std::vector<std::pair<pid_t, pid_t>> births;
  for (pid_t pid : sys::numbers_in("/proc"))
    if (std::optional<sys::TaskStatus> status = sys::process_status(pid))
      births.emplace_back(status->parent, pid);
  std::sort(births.begin(), births.end());
  return births;
}

}  // namespace

std::vector<pid_t> descendants(pid_t ancestor) {
  const std::vector<std::pair<pid_t, pid_t>> births = all_births();
  std::vector<pid_t> found = {ancestor};
  for (size_t i = 0; i < found.size(); i++) {
    auto child = std::lower_bound(births.begin(), births.end(), std::pair<pid_t, pid_t>(found[i], 0));
    for (; child != births.end() && child->first == found[i]; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

FamilyState look_at(const std::vector<pid_t>& family) {
  FamilyState all;
  for (pid_t pid : family) {
    for (int thread : sys::numbers_in(sys::proc_folder(pid) + "/task")) {
      std::optional<sys::TaskStatus> status = sys::thread_status(pid, thread);
      if (!status) continue;
      all.exists = true;
      all.sleeps = all.sleeps && status->sleeps();
      all.used.voluntary += status->voluntary;
      all.used.involuntary += status->involuntary;
    }
    all.used.processor_us += sys::processor_ns(pid) / 1000;
  }
  return all;
}

std::optional<uint64_t> memory_kib(const std::vector<pid_t>& family) {
  std::optional<uint64_t> sum;
  for (pid_t pid : family)  // of one that has ended nothing is told, and it has none
    if (Result<std::string> text = sys::read_file(sys::proc_folder(pid) + "/smaps_rollup", kRollupBytesMax))
      if (std::optional<uint64_t> own = sys::parse_proportional_kib(*text)) sum = sum.value_or(0) + *own;
  return sum;
}

void end_descendants() {
  const uint64_t kill_ms = sys::monotonic_ms() + kGraceMs;
  for (int signal = SIGTERM; sys::has_children(); signal = 0) {
    if (sys::monotonic_ms() >= kill_ms) signal = SIGKILL;
    if (signal)
      for (pid_t pid : descendants(sys::current_pid())) sys::send_signal(pid, signal);
    sys::wait_until(sys::monotonic_ms() + kLookAgainMs);
    while (std::optional<sys::TraceEvent> event = sys::next_trace_event()) sys::go_on(*event);
  }
}

}  // namespace oklo::lab

#include "sys/usage.h"

#include <string>
#include <string_view>

#include "base/number.h"
#include "sys/file.h"
#include "sys/kernel.h"
#include "sys/time.h"

namespace oklo::sys {

namespace {

uint64_t microseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec);
}

}  // namespace

Usage usage_of_children() {
  rusage used = {};
  if (kernel::getrusage(RUSAGE_CHILDREN, &used) < 0) return {};
  return {microseconds(used.ru_utime) + microseconds(used.ru_stime), static_cast<uint64_t>(used.ru_nvcsw),
          static_cast<uint64_t>(used.ru_nivcsw)};
}

// The clock of a process bears its number (clock_getcpuclockid(3)), with 2 for the time that the scheduler
// has counted.
uint64_t processor_ns(pid_t pid) {
  constexpr unsigned kScheduled = 2;
  auto clock = static_cast<clockid_t>((~static_cast<unsigned>(pid) << 3) | kScheduled);
  return pid > 0 ? clock_ns(clock) : 0;
}

// They are the second of three numbers.
uint64_t waited_for_processor_ns() {
  constexpr size_t kBytesMax = 256;
  Result<std::string> text = read_file("/proc/thread-self/schedstat", kBytesMax);
  if (!text) return 0;
  size_t blank = text->find(' ');
  if (blank == text->npos) return 0;
  std::string_view rest = std::string_view(*text).substr(blank + 1);
  return parse_decimal(rest.substr(0, rest.find(' '))).value_or(0);
}

}  // namespace oklo::sys

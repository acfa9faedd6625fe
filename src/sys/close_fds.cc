#include "sys/close_fds.h"

#include <sys/resource.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "base/number.h"
#include "sys/file.h"
#include "sys/kernel.h"

namespace oklo::sys {

namespace {

constexpr int kFirst = 3;
constexpr int kLimitMax = 1 << 20;  // where the limit of open files is endless

// Closes the fds that lie between those of `keep`; the error of the first call that fails.
long close_gaps(std::span<const int> keep) {
  int first = kFirst;
  for (int kept : keep) {
    if (kept < first) continue;
    if (kept > first) {
      long failed = kernel::close_range(static_cast<unsigned>(first), static_cast<unsigned>(kept - 1), 0);
      if (failed < 0) return failed;
    }
    first = kept + 1;
  }
  return kernel::close_range(static_cast<unsigned>(first), UINT_MAX, 0);
}

std::vector<int> all_numbers() {
  rlimit limit = {};
  kernel::getrlimit(RLIMIT_NOFILE, &limit);
  std::vector<int> numbers;
  int end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kLimitMax));
  for (int fd = kFirst; fd < end; fd++) numbers.push_back(fd);
  return numbers;
}

}  // namespace

void close_all_fds_except(std::span<const int> keep) {
  OKLO_ASSERT(std::is_sorted(keep.begin(), keep.end()));
  if (close_gaps(keep) >= 0) return;
  std::vector<int> numbers = open_fds();
  if (numbers.empty()) numbers = all_numbers();
  for (int fd : numbers)
    if (fd >= kFirst && !std::binary_search(keep.begin(), keep.end(), fd)) kernel::close(fd);
}

}  // namespace oklo::sys

#include "process/settle.h"

#include <algorithm>

#include "sys/process.h"
#include "sys/stderr.h"

namespace oklo {

void take_error_log(Log& log, int fd, uint8_t priority) {
  if (sys::replace_stderr(fd) >= 0) log.set_sink({2, priority});
}

void settle(const std::string& name, std::vector<int> keep, Log& log) {
  if (log.fd() != 2) take_error_log(log, log.fd(), log.sink().priority);
  std::sort(keep.begin(), keep.end());
  sys::close_all_fds_except(keep);
  sys::set_title("oklo: " + name);
  log.set_name(name);
}

}  // namespace oklo

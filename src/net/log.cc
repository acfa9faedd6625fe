#include "net/log.h"

#include "base/civil_time.h"
#include "base/number.h"
#include "sys/process.h"
#include "sys/stderr.h"
#include "sys/time.h"

namespace oklo {

void Log::line(std::string_view text) {
  char time[kTimestampSize];
  write_timestamp(time, civil_time(sys::wall_time().seconds));
  std::string line(time, sizeof time);
  line.append(" ")
      .append(name_)
      .append("[")
      .append(decimal(static_cast<uint64_t>(sys::current_pid())))
      .append("]: ");
  if (dropped_) line.append("(").append(decimal(dropped_)).append(" lines were dropped) ");
  line.append(text).append("\n");
  if (sys::write_without_waiting(fd_, line) == static_cast<long>(line.size())) dropped_ = 0;
  else dropped_++;
}

}  // namespace oklo

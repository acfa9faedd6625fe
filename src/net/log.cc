#include "net/log.h"

#include <algorithm>

#include "base/civil_time.h"
#include "base/number.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

namespace {

std::string time_and_pid(const std::string& name) {
  char time[kTimestampSize];
  write_timestamp(time, civil_time(sys::wall_time().seconds));
  return std::string(time, sizeof time) + " " + name + "[" +
         decimal(static_cast<uint64_t>(sys::current_pid())) + "]";
}

}  // namespace

void Log::count_drops(Counter& counter) {
  counter_ = &counter;
  dropped_ = 0;
}

void Log::line(std::string_view text) {
  std::string line = (sink_.priority ? name_ : time_and_pid(name_)) + ": ";
  if (dropped_) line.append("(").append(decimal(dropped_)).append(" lines were dropped) ");
  line.append(text).append("\n");
  if (sink_.write(line) == static_cast<long>(line.size())) {
    dropped_ = 0;
    return;
  }
  dropped_++;
  if (counter_) counter_->add(1);
}

void Log::lines(std::string_view text) {
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace oklo

#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace oklo::http {

// The fields that every answer of a worker bears, "Server" and "Date" (RFC 9110 sections 10.2.4 and 6.6.1),
// written once a second.
class DateLine {
 public:
  std::string_view at(const Clock& clock) {
    if (clock.wall_s != second_) write(clock.wall_s);
    return {text_, size_};
  }

 private:
  void write(int64_t second);

  int64_t second_ = -1;
  size_t size_ = 0;
  char text_[64] = {};
};

}  // namespace oklo::http

#pragma once

#include <string>
#include <string_view>

#include "sys/stderr.h"

namespace oklo::cli {

// One line of a terminal on stderr, which the next one takes the place of; gone with this.
class ProgressLine {
 public:
  ~ProgressLine() {
    if (shown_) sys::print(2, kClear);
  }
  void show(std::string_view text) {
    sys::print(2, std::string(kClear).append(text));
    shown_ = true;
  }

 private:
  static constexpr std::string_view kClear = "\r\x1b[K";
  bool shown_ = false;
};

}  // namespace oklo::cli

#pragma once

#include <algorithm>
#include <string_view>

#include <oklo/process.h>
#include <oklo/task.h>

namespace oklo {

// What is wrong with the name of a process of the program's own, or of a kind of tasks; or nullptr.
inline const char* fault_of_name(std::string_view name) {
  static_assert(kProcessNameBytesMax == 31 && kTaskNameBytesMax == 31);
  bool shown = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (name.empty() || name.size() > kProcessNameBytesMax) return "its name must have 1 to 31 bytes";
  return shown ? nullptr : "its name must be ASCII without blanks";
}

}  // namespace oklo

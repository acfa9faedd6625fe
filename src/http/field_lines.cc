#include "http/field_lines.h"

#include "base/ascii.h"

namespace oklo::http {

std::string_view find_field_line(std::string_view lines, std::string_view name) {
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find("\r\n"));
    size_t colon = line.find(':');
    if (colon != line.npos && equal_ignoring_case(line.substr(0, colon), name))
      return trim(line.substr(colon + 1));
    lines.remove_prefix(line.size() + 2 <= lines.size() ? line.size() + 2 : lines.size());
  }
  return {};
}

}  // namespace oklo::http

#pragma once

#include <string_view>

namespace oklo::http {

// The value of the first line "name: value\r\n" with that name in any case; empty when there is none.
std::string_view find_field_line(std::string_view lines, std::string_view name);

}  // namespace oklo::http

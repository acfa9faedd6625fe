#pragma once

#include <string_view>

namespace oklo {

// What run_master answers when the service ends otherwise than by a stop.
constexpr int kExitFailed = 1;       // it did not come up
constexpr int kExitUsage = 100;      // wrong options
constexpr int kExitTemporary = 111;  // a later try may succeed

// For an errno number, 0 where there is none.
int exit_code_of(int number);

// What a person can do about it; put behind the text of the error.
std::string_view advice(int number);

}  // namespace oklo

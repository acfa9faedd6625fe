#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace oklo::config {

// Whether a name fits a pattern: '*' is any text, '?' any byte, "[a-z]" one of these, "[!a-z]" one of the
// others, all else itself. A dot at the front of a name is met by a dot alone.
bool glob_fits(std::string_view pattern, std::string_view name);

// The paths that a pattern means, sorted. Its last part alone may hold '*', '?' and '['; without any of them
// it is the path itself, whether that is there or not.
Result<std::vector<std::string>> glob(const std::string& pattern);

// The path up to its last slash, and with it; empty where there is none.
std::string directory_of(std::string_view path);

}  // namespace oklo::config

#pragma once

#include <cstdlib>
#include <string>

namespace oklo {

// What a variable of the environment says, "" where there is none. It is gone then: what it says is for this
// process alone, and not for its children.
inline std::string taken_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value ? value : "";
  ::unsetenv(name);
  return text;
}

}  // namespace oklo

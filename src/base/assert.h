#pragma once

namespace oklo {

// Ends the process with the place and the condition on stderr. A failed assertion is a bug of oklo
// or of its caller, never a wrong input, so it is on in every build.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace oklo

#define OKLO_ASSERT(condition) \
  (__builtin_expect(!(condition), 0) ? ::oklo::assertion_failed(#condition, __FILE__, __LINE__) : (void)0)

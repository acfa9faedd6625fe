#pragma once

#include <cstdint>

namespace oklo::sys {

// They wait until a time of monotonic_ms, for programs that have nothing else to do: 0, -ETIMEDOUT when it
// has come, or another negative errno number. Signals do not end them.
[[nodiscard]] long wait_readable(int fd, uint64_t until_ms);
[[nodiscard]] long wait_writable(int fd, uint64_t until_ms);
void wait_until(uint64_t until_ms);

}  // namespace oklo::sys

#pragma once

#include <span>

namespace oklo::sys {

// Closes every fd from 3 up that `keep` (ascending) does not list: close_range(2), or where the kernel
// lacks that, each fd that /proc/self/fd names, or without /proc each number up to the limit.
void close_all_fds_except(std::span<const int> keep);

}  // namespace oklo::sys

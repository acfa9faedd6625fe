#pragma once

#include "sys/fd.h"

namespace oklo::sys {

// What openat2(2) with RESOLVE_BENEATH does, for kernels without it: opens `path` name by name from `dir`
// on and never follows a link or a ".." out of it. 0, or a negative errno number (-EXDEV for what leads out).
[[nodiscard]] long walk_beneath(int dir, const char* path, int flags, Fd& out);

}  // namespace oklo::sys

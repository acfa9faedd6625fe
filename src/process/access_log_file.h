#pragma once

#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo {

// Opens what ServerOptions::access_log names, "off", "stderr" or a path: the fd, -1 where there is none.
// `file` owns that of a path.
Result<int> open_access_log(const std::string& where, sys::Fd& file);

}  // namespace oklo

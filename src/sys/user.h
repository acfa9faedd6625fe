#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/result.h"

namespace oklo::sys {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

// By name from /etc/passwd, or by number: "www-data", "65534", "65534:65534". Read here because the C
// library's getpwnam wants shared libraries that a static program cannot rely on.
Result<User> find_user(std::string_view name, const char* passwd_path = "/etc/passwd");

}  // namespace oklo::sys

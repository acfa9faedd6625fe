#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace oklo::sys {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name = {};  // empty where passwd has none
};

// By name from /etc/passwd, or by number: "www-data", "65534", "65534:65534". Read here because the C
// library's getpwnam wants shared libraries that a static program cannot rely on.
Result<User> find_user(std::string_view name, const char* passwd_path = "/etc/passwd");

// The same in the text of such a file; nothing: it has none of that name.
std::optional<User> user_in(std::string_view passwd, std::string_view name);
std::optional<gid_t> group_in(std::string_view groups, std::string_view name);
std::vector<gid_t> groups_in(std::string_view groups, std::string_view user);

// All names in the text of such a file, and in the file; none where there is no such file.
std::vector<std::string> names_in(std::string_view text);
std::vector<std::string> user_names(const char* passwd_path = "/etc/passwd");
std::vector<std::string> group_names(const char* group_path = "/etc/group");

// A group by name from /etc/group, or by number.
Result<gid_t> find_group(std::string_view name, const char* group_path = "/etc/group");

// The groups that name the user as a member, up to kGroupsMax of them; none where there is no such file.
inline constexpr size_t kGroupsMax = 64;
std::vector<gid_t> groups_of(std::string_view user, const char* group_path = "/etc/group");

}  // namespace oklo::sys

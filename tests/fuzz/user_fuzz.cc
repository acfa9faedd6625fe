#include "sys/user.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"

using namespace oklo;

namespace {

bool has_line_of(std::string_view text, std::string_view name) {
  std::string begin = std::string(name) + ":";
  return text.starts_with(begin) || text.find("\n" + begin) != text.npos;
}

bool is_number(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789:") == name.npos;
}

// A user is found again, with the same ids, in a file that has him alone.
void check_user(std::string_view passwd, std::string_view name) {
  std::optional<sys::User> user = sys::user_in(passwd, name);
  if (!user) return;
  OKLO_ASSERT(user->uid != UINT32_MAX && user->gid != UINT32_MAX);
  OKLO_ASSERT(is_number(name) || (user->name == name && has_line_of(passwd, name)));
  if (user->name.empty()) return;
  std::string line = user->name + ":x:" + std::to_string(user->uid) + ":" + std::to_string(user->gid) + "::";
  std::optional<sys::User> again = sys::user_in(line, name);
  OKLO_ASSERT(again && again->uid == user->uid && again->gid == user->gid && again->name == user->name);
}

void check_groups(std::string_view groups, std::string_view name) {
  if (std::optional<gid_t> group = sys::group_in(groups, name)) {
    OKLO_ASSERT(*group != UINT32_MAX);
    OKLO_ASSERT(is_number(name) || has_line_of(groups, name));
  }
  std::vector<gid_t> of_user = sys::groups_in(groups, name);
  OKLO_ASSERT(of_user.size() <= sys::kGroupsMax);
  for (gid_t group : of_user) OKLO_ASSERT(group != UINT32_MAX && groups.find(name) != groups.npos);
}

}  // namespace

// The first line is a name, the others are those of a file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t end = std::min(input.find('\n'), size);
  std::string_view name = input.substr(0, end);
  std::string_view text = input.substr(std::min(end + 1, size));
  for (const std::string& one : sys::names_in(text)) OKLO_ASSERT(has_line_of(text, one));
  check_user(text, name);
  check_groups(text, name);
  return 0;
}

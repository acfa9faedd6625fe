#include "sys/user.h"

#include <cstdint>
#include <optional>
#include <string>

#include "base/number.h"
#include "sys/file.h"

namespace oklo::sys {

namespace {

constexpr size_t kPasswdBytesMax = 4 << 20;  // and of /etc/group

// An id; the highest number means "leave as it is" to the kernel, so it is none.
std::optional<uint32_t> parse_id(std::string_view text) {
  std::optional<uint64_t> number = parse_decimal(text);
  if (!number || *number >= UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

std::string_view cut(std::string_view& text, char end) {
  size_t at = text.find(end);
  std::string_view head = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return head;
}


// name:password:uid:gid:comment:home:shell, passwd(5). A broken line is none.
std::optional<User> parse_user(std::string_view line) {
  std::string_view name = cut(line, ':');
  cut(line, ':');
  std::optional<uint32_t> uid = parse_id(cut(line, ':'));
  std::optional<uint32_t> gid = parse_id(cut(line, ':'));
  if (name.empty() || !uid || !gid) return std::nullopt;
  return User{*uid, *gid, std::string(name)};
}

template <class Wanted>
std::optional<User> find_entry(std::string_view passwd, Wanted wanted) {
  while (!passwd.empty()) {
    std::optional<User> entry = parse_user(cut(passwd, '\n'));
    if (entry && wanted(*entry)) return entry;
  }
  return std::nullopt;
}

// "UID:GID", or "UID" with the group that passwd gives it, or else that of the same number.
std::optional<User> by_number(std::string_view text, std::string_view passwd) {
  bool has_group = text.find(':') != text.npos;
  std::optional<uint32_t> uid = parse_id(cut(text, ':'));
  std::optional<uint32_t> gid = has_group ? parse_id(text) : uid;
  if (!uid || !gid) return std::nullopt;
  if (has_group) return User{*uid, *gid};
  return find_entry(passwd, [&](const User& e) { return e.uid == *uid; }).value_or(User{*uid, *gid});
}

struct Group {
  std::string_view name;
  gid_t gid;
  std::string_view members;  // "one,two"

  bool has(std::string_view user) const {
    std::string_view rest = members;
    while (!rest.empty())
      if (cut(rest, ',') == user) return true;
    return false;
  }
};

// name:password:gid:members, group(5). A broken line is none.
std::optional<Group> parse_group(std::string_view line) {
  std::string_view name = cut(line, ':');
  cut(line, ':');
  std::optional<uint32_t> gid = parse_id(cut(line, ':'));
  if (name.empty() || !gid) return std::nullopt;
  return Group{name, *gid, line};
}

}  // namespace

Result<User> find_user(std::string_view name, const char* passwd_path) {
  Result<std::string> file = read_file(passwd_path, kPasswdBytesMax);
  std::string_view passwd;
  if (file) passwd = *file;
  if (std::optional<User> user = by_number(name, passwd)) return *user;
  if (!file) return std::move(file).error();
  std::optional<User> user = find_entry(passwd, [&](const User& e) { return e.name == name; });
  if (user) return *user;
  return Error{0, "no user \"" + std::string(name) + "\" in " + passwd_path};
}

Result<gid_t> find_group(std::string_view name, const char* group_path) {
  if (std::optional<uint32_t> number = parse_id(name)) return *number;
  Result<std::string> file = read_file(group_path, kPasswdBytesMax);
  if (!file) return std::move(file).error();
  for (std::string_view rest = *file; !rest.empty();)
    if (std::optional<Group> group = parse_group(cut(rest, '\n')); group && group->name == name)
      return group->gid;
  return Error{0, "no group \"" + std::string(name) + "\" in " + group_path};
}

std::vector<gid_t> groups_of(std::string_view user, const char* group_path) {
  std::vector<gid_t> groups;
  Result<std::string> file = read_file(group_path, kPasswdBytesMax);
  if (!file || user.empty()) return groups;
  for (std::string_view rest = *file; !rest.empty() && groups.size() < kGroupsMax;)
    if (std::optional<Group> group = parse_group(cut(rest, '\n')); group && group->has(user))
      groups.push_back(group->gid);
  return groups;
}

}  // namespace oklo::sys

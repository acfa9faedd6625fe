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

std::optional<User> user_in(std::string_view passwd, std::string_view name) {
  if (std::optional<User> user = by_number(name, passwd)) return user;
  return find_entry(passwd, [name](const User& entry) { return entry.name == name; });
}

std::optional<gid_t> group_in(std::string_view groups, std::string_view name) {
  if (std::optional<uint32_t> number = parse_id(name)) return *number;
  while (!groups.empty())
    if (std::optional<Group> group = parse_group(cut(groups, '\n')); group && group->name == name)
      return group->gid;
  return std::nullopt;
}

std::vector<gid_t> groups_in(std::string_view groups, std::string_view user) {
  std::vector<gid_t> found;
  while (!user.empty() && !groups.empty() && found.size() < kGroupsMax)
    if (std::optional<Group> group = parse_group(cut(groups, '\n')); group && group->has(user))
      found.push_back(group->gid);
  return found;
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    if (line.find(':') != line.npos && !line.starts_with(':')) names.emplace_back(cut(line, ':'));
  }
  return names;
}

std::vector<std::string> user_names(const char* passwd_path) {
  Result<std::string> file = read_file(passwd_path, kPasswdBytesMax);
  return file ? names_in(*file) : std::vector<std::string>();
}

std::vector<std::string> group_names(const char* group_path) { return user_names(group_path); }

Result<User> find_user(std::string_view name, const char* passwd_path) {
  Result<std::string> file = read_file(passwd_path, kPasswdBytesMax);
  if (std::optional<User> user = user_in(file ? std::string_view(*file) : "", name)) return *user;
  if (!file) return std::move(file).error();
  return Error{0, "no user \"" + std::string(name) + "\" in " + passwd_path};
}

Result<gid_t> find_group(std::string_view name, const char* group_path) {
  Result<std::string> file = read_file(group_path, kPasswdBytesMax);
  if (std::optional<gid_t> group = group_in(file ? std::string_view(*file) : "", name)) return *group;
  if (!file) return std::move(file).error();
  return Error{0, "no group \"" + std::string(name) + "\" in " + group_path};
}

std::vector<gid_t> groups_of(std::string_view user, const char* group_path) {
  Result<std::string> file = read_file(group_path, kPasswdBytesMax);
  return file ? groups_in(*file, user) : std::vector<gid_t>();
}

}  // namespace oklo::sys

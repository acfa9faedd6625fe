#include "sys/user.h"

#include <cstdint>
#include <optional>
#include <string>

#include "base/number.h"
#include "sys/file.h"

namespace oklo::sys {

namespace {

constexpr size_t kPasswdBytesMax = 4 << 20;

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

struct Entry {
  std::string_view name;
  User user;
};

// name:password:uid:gid:comment:home:shell, passwd(5). A broken line is none.
std::optional<Entry> parse_entry(std::string_view line) {
  std::string_view name = cut(line, ':');
  cut(line, ':');
  std::optional<uint32_t> uid = parse_id(cut(line, ':'));
  std::optional<uint32_t> gid = parse_id(cut(line, ':'));
  if (name.empty() || !uid || !gid) return std::nullopt;
  return Entry{name, {*uid, *gid}};
}

template <class Wanted>
std::optional<User> find_entry(std::string_view passwd, Wanted wanted) {
  while (!passwd.empty()) {
    std::optional<Entry> entry = parse_entry(cut(passwd, '\n'));
    if (entry && wanted(*entry)) return entry->user;
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
  return find_entry(passwd, [&](const Entry& e) { return e.user.uid == *uid; }).value_or(User{*uid, *gid});
}

}  // namespace

Result<User> find_user(std::string_view name, const char* passwd_path) {
  Result<std::string> file = read_file(passwd_path, kPasswdBytesMax);
  std::string_view passwd;
  if (file) passwd = *file;
  if (std::optional<User> user = by_number(name, passwd)) return *user;
  if (!file) return std::move(file).error();
  std::optional<User> user = find_entry(passwd, [&](const Entry& e) { return e.name == name; });
  if (user) return *user;
  return Error{0, "no user \"" + std::string(name) + "\" in " + passwd_path};
}

}  // namespace oklo::sys

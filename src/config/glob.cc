#include "config/glob.h"

#include <algorithm>

#include "sys/file.h"

namespace oklo::config {

namespace {

constexpr std::string_view kWild = "*?[";
constexpr size_t kNamesMax = 10'000;  // of a directory

// Takes a set such as "[a-z_]" from the front of the pattern and tells whether the byte is in it. A set that
// is not closed is a bracket.
bool take_set(std::string_view& pattern, char c) {
  bool inverted = pattern.starts_with("[!");
  size_t end = pattern.find(']', inverted ? 3 : 2);
  if (end == pattern.npos) {
    pattern.remove_prefix(1);
    return c == '[';
  }
  std::string_view set = pattern.substr(0, end).substr(inverted ? 2 : 1);
  pattern.remove_prefix(end + 1);
  bool found = false;
  for (size_t i = 0; i < set.size(); i++) {
    bool range = i + 2 < set.size() && set[i + 1] == '-';
    found = found || (range ? set[i] <= c && c <= set[i + 2] : set[i] == c);
    if (range) i += 2;
  }
  return found != inverted;
}

// Takes what fits one byte from the front of the pattern.
bool take_one(std::string_view& pattern, char c) {
  if (pattern[0] == '[') return take_set(pattern, c);
  bool fits = pattern[0] == '?' || pattern[0] == c;
  pattern.remove_prefix(1);
  return fits;
}

}  // namespace

// After a '*' it goes on where that has taken nothing, and comes back with one byte more for it as often as
// the rest does not fit; the last '*' alone has to be remembered.
bool glob_fits(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  bool starred = false;
  std::string_view behind_star, taken_from;
  for (;;) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      starred = true;
      behind_star = pattern;
      taken_from = name;
      continue;
    }
    if (name.empty() && pattern.empty()) return true;
    if (!name.empty() && !pattern.empty() && take_one(pattern, name[0])) {
      name.remove_prefix(1);
      continue;
    }
    if (!starred || taken_from.empty()) return false;
    taken_from.remove_prefix(1);
    name = taken_from;
    pattern = behind_star;
  }
}

std::string directory_of(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? "" : std::string(path.substr(0, slash + 1));
}

Result<std::vector<std::string>> glob(const std::string& pattern) {
  if (pattern.find_first_of(kWild) == pattern.npos) return std::vector<std::string>{pattern};
  std::string directory = directory_of(pattern);
  if (directory.find_first_of(kWild) != directory.npos)
    return Error{0, "the last part of a path alone may hold * ? and ["};
  sys::Fd opened;
  if (long error = sys::open_to_read(directory.empty() ? "." : directory.c_str(), opened); error < 0)
    return system_error(static_cast<int>(-error), "cannot open " + directory);
  Result<std::vector<sys::DirectoryEntry>> entries = sys::list_directory(opened.get(), kNamesMax);
  if (!entries) return std::move(entries).error();
  std::vector<std::string> paths;
  std::string_view wanted = std::string_view(pattern).substr(directory.size());
  for (const sys::DirectoryEntry& entry : *entries)
    if (glob_fits(wanted, entry.name)) paths.push_back(directory + entry.name);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace oklo::config

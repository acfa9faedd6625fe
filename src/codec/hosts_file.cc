#include "codec/hosts_file.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "codec/lines.h"

namespace oklo::codec {
namespace {

bool less_ignoring_case(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return to_lower(x) < to_lower(y); });
}

}  // namespace

HostsFile::HostsFile(std::string text) : text_(std::move(text)) {
  if (text_.size() > kBytesMax) text_.resize(text_.rfind('\n', kBytesMax - 1) + 1);
  for (std::string_view rest = text_; !rest.empty();) add_line(take_line(rest));
  std::stable_sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) {
    return less_ignoring_case(name_of(a), name_of(b));
  });
}

void HostsFile::add_line(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::string_view address = take_word(line);
  auto place = [this](std::string_view word) { return static_cast<uint32_t>(word.data() - text_.data()); };
  auto size = [](std::string_view word) { return static_cast<uint32_t>(word.size()); };
  for (std::string_view name; !(name = take_word(line)).empty() && entries_.size() < kNamesMax;)
    entries_.push_back({place(name), size(name), place(address), size(address)});
}

std::string_view HostsFile::name_of(const Entry& entry) const {
  return std::string_view(text_).substr(entry.name_at, entry.name_size);
}

std::vector<std::string_view> HostsFile::find(std::string_view name) const {
  std::vector<std::string_view> addresses;
  auto at = std::lower_bound(entries_.begin(), entries_.end(), name, [this](const Entry& entry, auto wanted) {
    return less_ignoring_case(name_of(entry), wanted);
  });
  for (; at != entries_.end() && equal_ignoring_case(name_of(*at), name); ++at)
    addresses.push_back(std::string_view(text_).substr(at->address_at, at->address_size));
  return addresses;
}

}  // namespace oklo::codec

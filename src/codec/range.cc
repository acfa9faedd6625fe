#include "codec/range.h"

#include <algorithm>
#include <limits>

#include "base/ascii.h"

namespace oklo::codec {

namespace {

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();

// A number of digits alone; one that is too large for 64 bits counts as the largest.
bool parse_clamped(std::string_view text, uint64_t& out) {
  if (text.empty()) return false;
  out = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    out = out > (kHuge - digit) / 10 ? kHuge : out * 10 + digit;
  }
  return true;
}

enum class SpecKind { invalid, unsatisfiable, satisfiable };

SpecKind suffix_range(uint64_t suffix, uint64_t size, ByteRange& out) {
  if (suffix == 0 || size == 0) return SpecKind::unsatisfiable;
  out = {size - std::min(suffix, size), size - 1};
  return SpecKind::satisfiable;
}

// One range-spec: "first-last", "first-" or "-suffix".
SpecKind parse_spec(std::string_view spec, uint64_t size, ByteRange& out) {
  size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return SpecKind::invalid;
  std::string_view before = spec.substr(0, dash);
  std::string_view after = spec.substr(dash + 1);
  uint64_t first = 0;
  uint64_t last = kHuge;
  if (before.empty()) return parse_clamped(after, last) ? suffix_range(last, size, out) : SpecKind::invalid;
  if (!parse_clamped(before, first)) return SpecKind::invalid;
  if (!after.empty() && !parse_clamped(after, last)) return SpecKind::invalid;
  if (last < first) return SpecKind::invalid;
  if (first >= size) return SpecKind::unsatisfiable;
  out = {first, std::min(last, size - 1)};
  return SpecKind::satisfiable;
}

bool touch(const ByteRange& a, const ByteRange& b) {
  return a.first <= b.last + 1 && b.first <= a.last + 1;
}

// Joins every range that overlaps or touches a later one with it, at the earlier one's place.
void coalesce(RangeSet& set) {
  for (size_t i = 0; i < set.count; i++) {
    for (size_t j = i + 1; j < set.count;) {
      ByteRange& into = set.ranges[i];
      const ByteRange& from = set.ranges[j];
      if (!touch(into, from)) {
        j++;
        continue;
      }
      into = {std::min(into.first, from.first), std::max(into.last, from.last)};
      std::copy(set.ranges.begin() + j + 1, set.ranges.begin() + set.count, set.ranges.begin() + j);
      set.count--;
      j = i + 1;
    }
  }
}

// Adds the range that one spec asks for; false where the whole field is to be ignored.
bool add_spec(std::string_view spec, uint64_t size, RangeSet& set, uint64_t& bytes_left) {
  ByteRange range;
  SpecKind kind = parse_spec(spec, size, range);
  if (kind == SpecKind::invalid) return false;
  if (kind == SpecKind::unsatisfiable) return true;
  if (range.size() > bytes_left) return false;
  bytes_left -= range.size();
  set.ranges[set.count++] = range;
  return true;
}

}  // namespace

RangeSet parse_range(std::string_view value, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  RangeSet set;
  if (!equal_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return set;
  value.remove_prefix(kUnit.size());
  size_t specs = 0;
  uint64_t bytes_left = size;
  while (!value.empty()) {
    size_t comma = std::min(value.find(','), value.size());
    std::string_view spec = trim(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (spec.empty()) continue;  // an empty element of a list counts as none: RFC 9110 section 5.6.1.2
    if (++specs > kRangesMax || !add_spec(spec, size, set, bytes_left)) return RangeSet();
  }
  if (specs == 0) return RangeSet();
  set.kind = set.count ? RangeSet::Kind::partial : RangeSet::Kind::unsatisfiable;
  coalesce(set);
  return set;
}

}  // namespace oklo::codec

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace oklo::codec {

// Bytes of a representation, both ends included (RFC 9110 section 14.1.2).
struct ByteRange {
  uint64_t first = 0;
  uint64_t last = 0;

  uint64_t size() const { return last - first + 1; }
};

inline constexpr size_t kRangesMax = 16;

// What a Range field asks of a representation of a certain size.
struct RangeSet {
  enum class Kind : uint8_t {
    whole,          // no Range, or one to be ignored: answer 200 with all of it
    partial,        // 206 with `ranges`, in the order they were asked for
    unsatisfiable,  // 416
  };
  Kind kind = Kind::whole;
  size_t count = 0;
  std::array<ByteRange, kRangesMax> ranges;  // none overlaps or touches another
};

// Reads the value of a Range field (RFC 9110 section 14.2) for a representation of `size` bytes. Ignored
// are: another unit, wrong syntax, more than kRangesMax ranges, and ranges that ask for more bytes than
// there are in all (section 14.2 allows it, against amplification).
RangeSet parse_range(std::string_view value, uint64_t size);

}  // namespace oklo::codec

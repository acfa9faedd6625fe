#include "codec/range.h"

#include <cstring>

#include "base/assert.h"

// Ranges lie within the representation, do not touch, and ask for no more bytes than it has.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  uint64_t bytes = data[0] < 128 ? data[0] : ~uint64_t{0} >> (data[0] & 63);
  oklo::codec::RangeSet set =
      oklo::codec::parse_range({reinterpret_cast<const char*>(data) + 1, size - 1}, bytes);
  if (set.kind != oklo::codec::RangeSet::Kind::partial) {
    OKLO_ASSERT(set.count == 0);
    return 0;
  }
  OKLO_ASSERT(set.count >= 1 && set.count <= oklo::codec::kRangesMax);
  uint64_t total = 0;
  for (size_t i = 0; i < set.count; i++) {
    const oklo::codec::ByteRange& range = set.ranges[i];
    OKLO_ASSERT(range.first <= range.last && range.last < bytes);
    total += range.size();
    OKLO_ASSERT(total <= bytes);
    for (size_t j = 0; j < i; j++) {
      const oklo::codec::ByteRange& other = set.ranges[j];
      OKLO_ASSERT(range.last + 1 < other.first || other.last + 1 < range.first);
    }
  }
  return 0;
}

#include "codec/http_date.h"

#include <cstdint>
#include <string_view>

#include "base/assert.h"

using namespace oklo::codec;

// A time that is read from 1970 on comes back when it is written and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (int64_t now_s : {int64_t{0}, int64_t{1700000000}, INT64_MAX, INT64_MIN}) {
    std::optional<int64_t> time_s = parse_http_date(input, now_s);
    if (!time_s) continue;
    OKLO_ASSERT(*time_s >= -62135596800 && *time_s <= 253402300800);
    char date[kHttpDateBytes];
    write_http_date(date, *time_s);
    std::optional<int64_t> again = parse_http_date({date, sizeof date}, now_s);
    OKLO_ASSERT(again && (*again == *time_s || *time_s < 0 || *time_s > 253402300799));
  }
  return 0;
}

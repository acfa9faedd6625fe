#include "codec/accept_encoding.h"

#include "base/assert.h"

using namespace oklo::codec;

// A coding that is chosen was on offer, and one line means what its two halves mean as two lines.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string_view value(reinterpret_cast<const char*>(data) + 1, size - 1);
  CodingSet offered;
  for (unsigned i = 1; i < kCodings; i++)
    if (data[0] >> i & 1) offered.add(static_cast<Coding>(i));
  AcceptEncoding whole;
  whole.add_line(value);
  Coding chosen = whole.choose(offered);
  OKLO_ASSERT(chosen == Coding::identity || offered.has(chosen));
  size_t comma = value.find(',');
  if (comma == value.npos) return 0;
  AcceptEncoding halves;
  halves.add_line(value.substr(0, comma));
  halves.add_line(value.substr(comma + 1));
  OKLO_ASSERT(halves.choose(offered) == chosen);
  return 0;
}

#include "codec/wire_unit.h"

#include <cstdint>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;

// The first byte says into how long pieces the rest is cut; each is a datagram. What comes out as a unit is
// read as records, and written again they are the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  constexpr size_t kBytesMax = 4096;
  size_t step = data[0] + 1u;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  WireUnits units(kBytesMax);
  for (size_t at = 0; at < bytes.size(); at += step) {
    Guarded datagram(bytes.substr(at, step));
    WireUnits::Fed fed = units.feed(datagram.view());
    if (fed.outcome != WireUnits::Outcome::unit) continue;
    OKLO_ASSERT(!fed.unit.empty() && fed.unit.size() <= kBytesMax);
    std::string_view rest = fed.unit;
    std::string again;
    WireRecord record;
    WireRead read = WireRead::record;
    while ((read = read_wire_record(rest, record)) == WireRead::record) append_wire_record(again, record);
    OKLO_ASSERT(read != WireRead::end || again == fed.unit);
    OKLO_ASSERT(fed.unit.substr(0, again.size()) == again);
  }
  return 0;
}

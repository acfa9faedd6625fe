#include "net/destination.h"

#include <cstdint>
#include <string>

#include "base/assert.h"
#include "guarded.h"

// What is an address is the same one when it is written and read again; else it is a name or an error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1000) return 0;
  Guarded bytes({reinterpret_cast<const char*>(data), size});
  oklo::Result<oklo::Destination> to = oklo::parse_destination(bytes.view());
  if (!to) {
    OKLO_ASSERT(to.error().text.starts_with("bad address \""));
    return 0;
  }
  if (!to->host.empty()) {
    OKLO_ASSERT(to->port != 0 && to->host.find(':') == std::string::npos);
    OKLO_ASSERT(bytes.view().starts_with(to->host));
    return 0;
  }
  oklo::Result<oklo::Destination> again = oklo::parse_destination(to->address.to_string());
  OKLO_ASSERT(again && again->address == to->address);
  return 0;
}

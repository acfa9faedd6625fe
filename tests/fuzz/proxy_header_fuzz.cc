#include "codec/proxy_header.h"

#include <string_view>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;
using State = ProxyVerdict::State;

// A verdict stands however much comes behind it, and each shorter input only waits for more.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  ProxyHeader header;
  ProxyVerdict whole = parse_proxy_header(input, header);
  OKLO_ASSERT((whole.state == State::bad) == (whole.fault != nullptr));
  OKLO_ASSERT((whole.state == State::complete) == (whole.size > 0));
  OKLO_ASSERT(whole.size <= size && whole.size <= kProxyHeaderBytesMax);
  OKLO_ASSERT(whole.state != State::more || size < kProxyHeaderBytesMax);
  bool decided = false;
  for (size_t end = 0; end < size && end < 300; end++) {
    Guarded bytes(input.substr(0, end));
    ProxyHeader early;
    ProxyVerdict part = parse_proxy_header(bytes.view(), early);
    OKLO_ASSERT(!decided || part.state != State::more);
    decided = part.state != State::more;
    if (!decided) continue;
    OKLO_ASSERT(part.state == whole.state && part.size == whole.size);
    OKLO_ASSERT(early.source == header.source || part.state == State::bad);
  }
  return 0;
}

#include "codec/http_address.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;

namespace {

void check(std::string_view text, const HttpAddress& address) {
  OKLO_ASSERT(!address.host.empty() && text.find(address.host) != text.npos);
  size_t colon = address.server.rfind(':');
  OKLO_ASSERT(colon != std::string::npos && colon + 1 < address.server.size());
  // All of it is written into a request.
  for (const std::string& part : {address.server, address.host, address.target})
    OKLO_ASSERT(std::none_of(part.begin(), part.end(), [](char c) { return c <= ' ' || c == '\x7f'; }));
  OKLO_ASSERT(address.target.starts_with('/') && address.target.find('#') == std::string::npos);
  OKLO_ASSERT(address.host.find_first_of("/?@") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Guarded bytes({reinterpret_cast<const char*>(data), size});
  HttpAddress http, ws;
  if (!parse_http_address(bytes.view(), http)) check(bytes.view(), http);
  if (parse_websocket_address(bytes.view(), ws)) return 0;
  check(bytes.view(), ws);
  // But for the scheme they are the same.
  OKLO_ASSERT(!parse_http_address("http" + std::string(bytes.view().substr(2)), http));
  OKLO_ASSERT(http.server == ws.server && http.host == ws.host && http.target == ws.target);
  return 0;
}

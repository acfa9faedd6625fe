#pragma once

#include <string>
#include <string_view>

namespace oklo::codec {

// What a client needs of an absolute "http://HOST[:PORT][/PATH][?QUERY]" (RFC 9110 section 4.2.1).
struct HttpAddress {
  std::string server;  // "127.0.0.1:80", with a port in any case
  std::string host;    // the value of Host
  std::string target;  // "/path?query"
};

// Takes it apart; what is wrong with it, or nullptr. A fragment is dropped. One with a user name is refused,
// as section 4.2.4 asks for.
const char* parse_http_address(std::string_view text, HttpAddress& out);

// The same for an absolute "ws://HOST[:PORT][/PATH][?QUERY]" (RFC 6455 section 3), which has no fragment.
const char* parse_websocket_address(std::string_view text, HttpAddress& out);

}  // namespace oklo::codec

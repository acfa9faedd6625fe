#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace oklo {

// When a client sends a cookie with requests that come from other sites (RFC 6265bis section 5.6.7).
enum class SameSite : uint8_t {
  unsaid,  // the client decides
  lax,     // only when a person follows a link or types the address
  strict,  // never
  none,    // always; only for cookies that are secure
};

// A cookie that Response::cookie asks the client to keep (RFC 6265 section 4.1, RFC 6265bis). The views are
// borrowed until that returns. Expires is not sent: Max-Age says the same and wins where both stand.
struct Cookie {
  std::string_view name = {};
  std::string_view value = {};
  std::string_view path = "/";             // and all below it; empty: the directory of the request's path
  std::string_view domain = {};            // and all below it; empty: the host that was asked, alone
  std::optional<uint32_t> max_age_s = {};  // 0 removes the cookie; without it, it goes when the client ends
  bool secure = false;                     // only over TLS
  bool http_only = true;                   // hidden from scripts
  SameSite same_site = SameSite::lax;
};

}  // namespace oklo

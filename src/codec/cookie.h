#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http_request.h"

namespace oklo::codec {

// A cookie as the client sent it. Quotes around a value are part of it (RFC 6265 section 5.2).
struct Cookie {
  std::string_view name;
  std::string_view value;
};

// Walks the cookies of the value of one Cookie field (RFC 6265 section 4.2). What has no '=' or no name is
// passed over. It borrows the text.
class CookieList {
 public:
  explicit CookieList(std::string_view text) : rest_(text) {}

  // Puts the next cookie into `cookie`, or returns false where there is none left.
  bool next(Cookie& cookie);

 private:
  std::string_view rest_;
};

// The value of the first cookie with that name in all Cookie fields of a request; names count with case.
std::optional<std::string_view> find_cookie(const RequestHead& head, std::string_view name);

// What a server asks a client to keep (RFC 6265 section 4.1; SameSite: RFC 6265bis section 4.1.2.7).
struct SetCookie {
  enum class SameSite : uint8_t { unsaid, lax, strict, none };

  std::string_view name = {};
  std::string_view value = {};
  std::optional<uint32_t> max_age_s = {};  // 0 removes the cookie; without it, it goes when the client ends
  std::string_view path = {};              // begins with '/'; empty: the directory of the request's path
  std::string_view domain = {};            // with all below it; empty: the host that was asked alone
  bool secure = false;                     // only over TLS
  bool http_only = false;                  // hidden from scripts
  SameSite same_site = SameSite::unsaid;
};

// The value of a Set-Cookie field. Nothing where a client would not keep that cookie, or could take it for
// something else: a name that is no token, a value with another character than it may have (no space, comma,
// semicolon, backslash, control, nothing outside ASCII; quotes only around all of it), more than 4096 bytes
// of both, a path or a domain that is none, SameSite=None without Secure, a name that begins with __Host- or
// __Secure- without what that promises.
std::optional<std::string> set_cookie_value(const SetCookie& cookie);

}  // namespace oklo::codec

#include "codec/cookie.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/characters.h"

namespace oklo::codec {
namespace {

constexpr size_t kBytesMax = 4096;  // of name and value (RFC 6265bis section 5.6)

// cookie-octet of RFC 6265 section 4.1.1.
bool is_cookie_octet(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

bool valid_value(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value.remove_prefix(1);
    value.remove_suffix(1);
  }
  return std::all_of(value.begin(), value.end(), is_cookie_octet);
}

bool valid_path(std::string_view path) {
  auto fits = [](char c) { return c >= 0x20 && c < 0x7f && c != ';'; };
  return path.empty() || (path.front() == '/' && std::all_of(path.begin(), path.end(), fits));
}

bool valid_domain(std::string_view domain) {
  auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.'; };
  return std::all_of(domain.begin(), domain.end(), fits);
}

// The promises that some names make (RFC 6265bis section 4.1.3).
bool keeps_promise(const SetCookie& cookie) {
  auto begins = [&cookie](std::string_view prefix) {
    return equal_ignoring_case(cookie.name.substr(0, prefix.size()), prefix);
  };
  if (begins("__Host-")) return cookie.secure && cookie.path == "/" && cookie.domain.empty();
  return cookie.secure || !begins("__Secure-");
}

constexpr std::string_view kSameSite[] = {"", "; SameSite=Lax", "; SameSite=Strict", "; SameSite=None"};

}  // namespace

bool CookieList::next(Cookie& cookie) {
  while (!rest_.empty()) {
    size_t size = std::min(rest_.find(';'), rest_.size());
    std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size < rest_.size() ? size + 1 : size);
    size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    cookie.name = trim(text.substr(0, equals));
    cookie.value = trim(text.substr(equals + 1));
    if (!cookie.name.empty()) return true;
  }
  return false;
}

std::optional<std::string_view> find_cookie(const RequestHead& head, std::string_view name) {
  if (!head.has(FieldId::cookie)) return std::nullopt;
  Cookie cookie;
  for (const Field& field : head.all()) {
    if (field.id != FieldId::cookie) continue;
    CookieList list(head.value(field));
    while (list.next(cookie))
      if (cookie.name == name) return cookie.value;
  }
  return std::nullopt;
}

std::optional<std::string> set_cookie_value(const SetCookie& cookie) {
  if (!is_token(cookie.name) || !valid_value(cookie.value)) return std::nullopt;
  if (cookie.name.size() + cookie.value.size() > kBytesMax || !keeps_promise(cookie)) return std::nullopt;
  if (!valid_path(cookie.path) || !valid_domain(cookie.domain)) return std::nullopt;
  if (cookie.same_site == SetCookie::SameSite::none && !cookie.secure) return std::nullopt;
  std::string text(cookie.name);
  text.append("=").append(cookie.value);
  if (cookie.max_age_s) text.append("; Max-Age=").append(decimal(*cookie.max_age_s));
  if (!cookie.path.empty()) text.append("; Path=").append(cookie.path);
  if (!cookie.domain.empty()) text.append("; Domain=").append(cookie.domain);
  if (cookie.secure) text.append("; Secure");
  if (cookie.http_only) text.append("; HttpOnly");
  return text.append(kSameSite[static_cast<size_t>(cookie.same_site)]);
}

}  // namespace oklo::codec

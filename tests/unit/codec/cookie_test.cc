#include "codec/cookie.h"

#include <doctest/doctest.h>

#include <memory>

#include "guarded.h"

using namespace oklo::codec;

namespace {

constexpr const char* kRefused = "(refused)";

// All cookies of a field as "name=value|name=value".
std::string cookies(std::string_view text) {
  Guarded bytes(text);
  CookieList list(bytes.view());
  Cookie cookie;
  std::string all;
  while (list.next(cookie)) {
    if (!all.empty()) all += '|';
    all.append(cookie.name).append("=").append(cookie.value);
  }
  CHECK_FALSE(list.next(cookie));
  return all;
}

std::string found(const std::string& lines, std::string_view name) {
  Guarded bytes("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
  auto head = std::make_unique<RequestHead>();
  REQUIRE(parse_request_head({bytes.data(), bytes.size()}, HeadLimits{}, *head).kind ==
          ParseOutcome::Kind::complete);
  std::optional<std::string_view> value = find_cookie(*head, name);
  return value ? std::string(*value) : "(none)";
}

std::string set(const SetCookie& cookie) { return set_cookie_value(cookie).value_or(kRefused); }

}  // namespace

TEST_CASE("codec/cookie: the cookies of a field") {
  CHECK(cookies("SID=31d4d96e407aad42; lang=en-US") == "SID=31d4d96e407aad42|lang=en-US");
  CHECK(cookies("") == "");
  CHECK(cookies("a=1;b=2 ;\tc = 3 ;") == "a=1|b=2|c=3");
  CHECK(cookies("a=b=c; d=") == "a=b=c|d=");
  CHECK(cookies("a=\"x y\"; b=\"") == "a=\"x y\"|b=\"");
  CHECK(cookies("a=1, b=2") == "a=1, b=2");
}

TEST_CASE("codec/cookie: what is no cookie is passed over") {
  CHECK(cookies("alone; a=1; =x; ;; = ; b=2") == "a=1|b=2");
  CHECK(cookies(";") == "");
}

TEST_CASE("codec/cookie: a cookie is found in all fields of a request") {
  CHECK(found("Cookie: a=1; b=2\r\n", "b") == "2");
  CHECK(found("Cookie: a=1; a=2\r\n", "a") == "1");
  CHECK(found("Cookie: a=1\r\nX: b=9\r\nCookie: b=2\r\n", "b") == "2");
  CHECK(found("Cookie: a=\r\n", "a") == "");
  CHECK(found("Cookie: a=1\r\n", "A") == "(none)");
  CHECK(found("Cookie: ab=1\r\n", "a") == "(none)");
  CHECK(found("X: a=1\r\n", "a") == "(none)");
}

TEST_CASE("codec/cookie: a cookie is set with its attributes") {
  using SameSite = SetCookie::SameSite;
  CHECK(set({.name = "SID", .value = "31d4"}) == "SID=31d4");
  CHECK(set({.name = "a", .value = ""}) == "a=");
  CHECK(set({.name = "a", .value = "\"b\""}) == "a=\"b\"");
  CHECK(set({.name = "a", .value = "1", .max_age_s = 0}) == "a=1; Max-Age=0");
  CHECK(set({.name = "a", .value = "1", .max_age_s = UINT32_MAX}) == "a=1; Max-Age=4294967295");
  CHECK(set({.name = "a", .value = "1", .max_age_s = 3600, .path = "/x y", .domain = "example.com",
             .secure = true, .http_only = true, .same_site = SameSite::strict}) ==
        "a=1; Max-Age=3600; Path=/x y; Domain=example.com; Secure; HttpOnly; SameSite=Strict");
  CHECK(set({.name = "a", .value = "1", .same_site = SameSite::lax}) == "a=1; SameSite=Lax");
  CHECK(set({.name = "a", .value = "1", .secure = true, .same_site = SameSite::none}) ==
        "a=1; Secure; SameSite=None");
  CHECK(set({.name = "a", .value = "1", .same_site = SameSite::none}) == kRefused);
}

TEST_CASE("codec/cookie: names and values that a client could misread are refused") {
  for (const char* name : {"", "a b", "a=", "a;", "a\r\nb", "\"a\"", "a\xc3\xa4", "a,", "a/b"}) {
    CAPTURE(name);
    CHECK(set({.name = name, .value = "1"}) == kRefused);
  }
  for (int byte = 0; byte < 256; byte++) {
    char c = static_cast<char>(byte);
    bool fine = byte > 0x20 && byte < 0x7f && std::string_view("\",;\\").find(c) == std::string_view::npos;
    std::string value = {'x', c, 'x'};
    CAPTURE(byte);
    CHECK(set({.name = "a", .value = value}) == (fine ? "a=" + value : kRefused));
    CHECK((set({.name = "a", .value = std::string_view(&c, 1)}) == kRefused) == !fine);
  }
  CHECK(set({.name = "a", .value = "\"b"}) == kRefused);
  for (const char* value : {"\"b\"c\"", "\";b\"", "\"b;\"", "\""})
    CHECK(set({.name = "a", .value = value}) == kRefused);
  CHECK(set({.name = "a", .value = "\"\""}) == "a=\"\"");
}

TEST_CASE("codec/cookie: paths and domains that are none are refused") {
  for (const char* path : {"x", "*", "/a;b", "/a\r\nSet-Cookie: b=2", "/\x7f", "/\xc3\xa4"})
    CHECK(set({.name = "a", .value = "1", .path = path}) == kRefused);
  for (const char* domain : {"a b", "a;b", "a\r\n", "a:80", "a/b", "[::1]", "\xc3\xa4.example"})
    CHECK(set({.name = "a", .value = "1", .domain = domain}) == kRefused);
  CHECK(set({.name = "a", .value = "1", .domain = ".a-b.example"}) == "a=1; Domain=.a-b.example");
}

TEST_CASE("codec/cookie: what a client would not keep is refused") {
  CHECK(set({.name = "abcd", .value = std::string(4092, 'x')}) != kRefused);
  CHECK(set({.name = "abcd", .value = std::string(4093, 'x')}) == kRefused);
  CHECK(set({.name = "__Secure-a", .value = "1"}) == kRefused);
  CHECK(set({.name = "__Secure-a", .value = "1", .secure = true}) == "__Secure-a=1; Secure");
  CHECK(set({.name = "__Host-a", .value = "1", .path = "/", .secure = true}) == "__Host-a=1; Path=/; Secure");
  CHECK(set({.name = "__host-a", .value = "1", .path = "/"}) == kRefused);
  CHECK(set({.name = "__Host-a", .value = "1", .secure = true}) == kRefused);
  CHECK(set({.name = "__Host-a", .value = "1", .path = "/x", .secure = true}) == kRefused);
  CHECK(set({.name = "__Host-a", .value = "1", .path = "/", .domain = "a.b", .secure = true}) == kRefused);
  CHECK(set({.name = "__Hos", .value = "1"}) == "__Hos=1");
}

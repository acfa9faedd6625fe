#include "codec/http_address.h"

#include <doctest/doctest.h>

#include "guarded.h"

using namespace oklo::codec;

namespace {

std::string parse(std::string_view text) {
  Guarded bytes(text);
  HttpAddress address;
  const char* fault = parse_http_address(bytes.view(), address);
  return fault ? fault : address.server + " " + address.host + " " + address.target;
}

}  // namespace

TEST_CASE("codec/http_address: what a client needs of it") {
  CHECK(parse("http://127.0.0.1:8080/a/b?c=d") == "127.0.0.1:8080 127.0.0.1:8080 /a/b?c=d");
  CHECK(parse("http://127.0.0.1") == "127.0.0.1:80 127.0.0.1 /");
  CHECK(parse("HTTP://localhost:/") == "localhost:80 localhost: /");
  CHECK(parse("http://[::1]/x") == "[::1]:80 [::1] /x");
  CHECK(parse("http://[::1]:81?q#frag") == "[::1]:81 [::1]:81 /?q");
  CHECK(parse("http://h/%2f?a/b?c") == "h:80 h /%2f?a/b?c");
}

TEST_CASE("codec/http_address: what is refused") {
  CHECK(parse("https://h/").starts_with("https is not spoken here"));
  for (const char* bad : {"", "h/", "ftp://h/", "http:/h", "http:"})
    CHECK(parse(bad) == "it must begin with http://");
  for (const char* bad : {"http://", "http:///x", "http://h:99999/", "http://a b/", "http://h:x/",
                          "http://[::1"})
    CHECK(parse(bad) == "the host is missing or no host");
  CHECK(parse("http://user@h/") == "a user name may not stand in it");
  CHECK(parse("http://h/a b") == "what follows the host is no path");
  CHECK(parse("http://h/a\r\nX: y") == "what follows the host is no path");
  CHECK(parse("http://h/\xc3\xa9") == "what follows the host is no path");
}

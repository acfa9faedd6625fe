#include "codec/http_address.h"

#include <doctest/doctest.h>

#include "guarded.h"

using namespace oklo::codec;

namespace {

using Parser = const char* (*)(std::string_view, HttpAddress&);

std::string parse(std::string_view text, Parser parser = parse_http_address) {
  Guarded bytes(text);
  HttpAddress address;
  const char* fault = parser(bytes.view(), address);
  return fault ? fault : address.server + " " + address.host + " " + address.target;
}

std::string parse_ws(std::string_view text) { return parse(text, parse_websocket_address); }

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

TEST_CASE("codec/http_address: that of a WebSocket") {
  CHECK(parse_ws("ws://example.org/chat?a=b") == "example.org:80 example.org /chat?a=b");
  CHECK(parse_ws("WS://[::1]:8080") == "[::1]:8080 [::1]:8080 /");
  CHECK(parse_ws("wss://h/").starts_with("wss is not spoken here"));
  for (const char* bad : {"", "h/", "http://h/", "ws:/h"}) CHECK(parse_ws(bad) == "it must begin with ws://");
  CHECK(parse_ws("ws://h/a#b") == "a fragment may not stand in it");
  CHECK(parse_ws("ws://") == "the host is missing or no host");
  CHECK(parse_ws("ws://u@h/") == "a user name may not stand in it");
  CHECK(parse_ws("ws://h/a b") == "what follows the host is no path");
}

TEST_CASE("codec/http_address: cut at each place it is an address of that host, or none") {
  std::string_view text = "http://[::1]:8080/a?b#c";
  for (size_t size = 0; size < text.size(); size++) {
    std::string got = parse(text.substr(0, size));
    CHECK(got.starts_with("[::1]:") == (size >= 12));
    CHECK(parse_ws(text.substr(0, size)) == "it must begin with ws://");
  }
}

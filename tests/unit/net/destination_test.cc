#include "net/destination.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

namespace {

// "ADDRESS" or "name HOST PORT" or the error.
std::string parse(std::string_view text) {
  Guarded bytes(text);
  oklo::Result<oklo::Destination> to = oklo::parse_destination(bytes.view());
  if (!to) return to.error().text;
  return to->host.empty() ? to->address.to_string() : "name " + to->host + " " + std::to_string(to->port);
}

std::string fault(std::string_view text) {
  std::string error = parse(text);
  std::string front = "bad address \"" + std::string(text) + "\": ";
  std::string back = "; write NAME:PORT, IPV4:PORT, [IPV6]:PORT or unix:/PATH";
  REQUIRE(error.starts_with(front));
  REQUIRE(error.ends_with(back));
  return error.substr(front.size(), error.size() - front.size() - back.size());
}

}  // namespace

TEST_CASE("net/destination: addresses and names") {
  CHECK(parse("127.0.0.1:80") == "127.0.0.1:80");
  CHECK(parse("[::1]:65535") == "[::1]:65535");
  CHECK(parse("[2001:DB8::0:1]:1") == "[2001:db8::1]:1");
  CHECK(parse("unix:/run/a:b") == "unix:/run/a:b");
  CHECK(parse("localhost:80") == "name localhost 80");
  CHECK(parse("Example.ORG.:443") == "name Example.ORG. 443");
  CHECK(parse("a..b:1") == "name a..b 1");
  CHECK(parse("1.2.3.x:1") == "name 1.2.3.x 1");
  CHECK(parse("*:1") == "name * 1");
}

TEST_CASE("net/destination: what is none") {
  for (const char* text : {"", "host", "127.0.0.1", "80", "[::1]", "[::1:80]"})
    CHECK(fault(text) == "the port is missing");
  for (const char* text : {"host:", "host:0", "host:65536", "host:x", "host:-1", "host: 1", "unix/x:y"})
    CHECK(fault(text) == "the port is not a number from 1 to 65535");
  CHECK(fault(":80") == "the host is missing");
  CHECK(fault("::1") == "an IPv6 address stands in \"[]\"");
  CHECK(fault("[::1:80") == "\"]\" is missing before the port");
  CHECK(fault("[:80") == "\"]\" is missing before the port");
  CHECK(fault("[]:80") == "what stands in \"[]\" is not an IPv6 address");
  CHECK(fault("[127.0.0.1]:80") == "what stands in \"[]\" is not an IPv6 address");
  CHECK(fault("[::1%lo]:80") == "what stands in \"[]\" is not an IPv6 address");
  for (const char* text : {"1:80", "1.2.3:80", "256.0.0.1:80", "1.2.3.4.5:80", ".:80"})
    CHECK(fault(text) == "the host is not an IPv4 address");
  CHECK(parse("unix:").starts_with("bad address \"unix:\": the path is missing"));
}

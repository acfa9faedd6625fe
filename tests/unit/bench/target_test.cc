#include "bench/target.h"

#include <doctest/doctest.h>

#include <string>

using namespace oklo::bench;

namespace {

std::string read(std::string_view url) {
  Target target;
  if (const char* wrong = parse_target(url, target)) return wrong;
  const char* kinds[] = {"http", "ws", "tcp"};
  return std::string(kinds[static_cast<size_t>(target.kind)])
      .append(" " + target.server + " " + target.host + " " + target.target);
}

}  // namespace

TEST_CASE("bench/target: what a URL says") {
  CHECK(read("http://127.0.0.1") == "http 127.0.0.1:80 127.0.0.1 /");
  CHECK(read("HTTP://Example.org:8080/a?b#c") == "http Example.org:8080 Example.org:8080 /a?b");
  CHECK(read("ws://[::1]:9000/chat") == "ws [::1]:9000 [::1]:9000 /chat");
  CHECK(read("tcp://localhost:7") == "tcp localhost:7 localhost:7 ");
  CHECK(read("tcp://[::1]:7/") == "tcp [::1]:7 [::1]:7 ");
}

TEST_CASE("bench/target: what it can't say") {
  CHECK(read("https://a/") == "https is not spoken here: put something in between that ends TLS");
  CHECK(read("wss://a/") == "wss is not spoken here: put something in between that ends TLS");
  for (const char* url : {"", "127.0.0.1:80", "ftp://a/", "h", "udp://a:1"})
    CHECK_MESSAGE(read(url) == "it must begin with http://, ws:// or tcp://", url);
  for (const char* url : {"tcp://a", "tcp://:7", "tcp://a:7/path", "tcp://", "tcp://a:70000"})
    CHECK_MESSAGE(read(url) == "behind tcp:// there must be HOST:PORT", url);
  CHECK(read("http:/a") == "it must begin with http://");
  CHECK(read("http://") == "the host is missing or no host");
  CHECK(read("ws://a/#b") == "a fragment may not stand in it");
}

TEST_CASE("bench/target: a plan is aimed at an address") {
  Plan plan;
  REQUIRE(aim(plan, {Kind::tcp, "127.0.0.1:7", "h", ""}, 0));
  CHECK(plan.kind == Kind::tcp);
  CHECK(plan.address.to_string() == "127.0.0.1:7");
  CHECK(plan.host == "h");
  REQUIRE(aim(plan, {Kind::http, "[::1]:8080", "localhost:8080", "/x"}, 0));
  CHECK(plan.address.to_string() == "[::1]:8080");
  CHECK(plan.target == "/x");
}

#include "cli/echo.h"

#include <doctest/doctest.h>

#include "sys/address.h"

using namespace oklo;
using cli::address_behind;

TEST_CASE("cli/echo: the address behind one has its next port") {
  CHECK(address_behind("127.0.0.1:8080") == "127.0.0.1:8081");
  CHECK(address_behind("localhost:1") == "127.0.0.1:2");
  CHECK(address_behind("[::1]:65534") == "[::1]:65535");
  CHECK(sys::Address::parse(address_behind("8080")).value().port() == 8081);
  CHECK(sys::Address::parse(address_behind(":8080")).value().to_string() ==
        sys::Address::parse(":8081").value().to_string());
}

TEST_CASE("cli/echo: where there is no next port the kernel chooses") {
  CHECK(address_behind("127.0.0.1:0") == "127.0.0.1:0");
  CHECK(address_behind("127.0.0.1:65535") == "127.0.0.1:0");
}

TEST_CASE("cli/echo: nothing is beside a unix socket or what is no address") {
  CHECK(address_behind("unix:/a").empty());
  CHECK(address_behind("nowhere").empty());
  CHECK(address_behind("127.0.0.1:99999").empty());
}

#include "sys/address.h"

#include <doctest/doctest.h>

#include <cstring>

#include "guarded.h"

using oklo::sys::Address;

namespace {

Address parsed(std::string_view text) {
  auto address = Address::parse(text);
  REQUIRE_MESSAGE(address.ok(), text);
  return *address;
}

}  // namespace

TEST_CASE("sys/address: parse reads each form, and to_string gives one that parse reads") {
  struct Row {
    std::string_view text, shown;
    int family;
    uint16_t port;
  };
  const Row rows[] = {
      {"8080", "[::]:8080", AF_INET6, 8080},
      {":8080", "[::]:8080", AF_INET6, 8080},
      {"*:8080", "[::]:8080", AF_INET6, 8080},
      {"[::]:8080", "[::]:8080", AF_INET6, 8080},
      {"0", "[::]:0", AF_INET6, 0},
      {"127.0.0.1:8080", "127.0.0.1:8080", AF_INET, 8080},
      {"0.0.0.0:65535", "0.0.0.0:65535", AF_INET, 65535},
      {"localhost:80", "127.0.0.1:80", AF_INET, 80},
      {"LocalHost:80", "127.0.0.1:80", AF_INET, 80},
      {"[::1]:443", "[::1]:443", AF_INET6, 443},
      {"[2001:DB8::00ff]:1", "[2001:db8::ff]:1", AF_INET6, 1},
      {"[::ffff:10.0.0.1]:5", "10.0.0.1:5", AF_INET, 5},
      {"unix:/run/oklo.sock", "unix:/run/oklo.sock", AF_UNIX, 0},
      {"unix:a:1", "unix:a:1", AF_UNIX, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    Guarded bytes(row.text);
    Address address = parsed(bytes.view());
    CHECK(address.to_string() == row.shown);
    CHECK(address.family() == row.family);
    CHECK(address.port() == row.port);
    CHECK(address.is_unix() == (row.family == AF_UNIX));
    CHECK(parsed(row.shown) == address);
    CHECK(Address(address.data(), address.size()) == address);
  }
}

TEST_CASE("sys/address: parse refuses the rest in one line that says why and what there is") {
  struct Row {
    std::string_view text, why;
  };
  const Row rows[] = {
      {"", "the port is missing"},
      {"127.0.0.1", "the port is missing"},
      {"localhost", "the port is missing"},
      {"[::1]", "the port is missing"},
      {":", "not a number from 0 to 65535"},
      {":65536", "not a number from 0 to 65535"},
      {"70000", "not a number from 0 to 65535"},
      {":-1", "not a number from 0 to 65535"},
      {":80x", "not a number from 0 to 65535"},
      {"127.0.0.1:", "not a number from 0 to 65535"},
      {"127.0.0.1: 80", "not a number from 0 to 65535"},
      {"127.0.0:80", "names are not looked up"},
      {"127.0.0.256:80", "names are not looked up"},
      {"127.0.0.1 :80", "names are not looked up"},
      {"example.org:80", "names are not looked up"},
      {std::string_view("127.0.0.1\0:80", 13), "names are not looked up"},
      {"::1:80", "an IPv6 address stands in \"[]\""},
      {"[::1:80", "\"]\" is missing"},
      {"[::1]x:80", "\"]\" is missing"},
      {"[:80", "\"]\" is missing"},
      {"[]:80", "not an IPv6 address"},
      {"[::1%lo]:80", "not an IPv6 address"},
      {"[127.0.0.1]:80", "not an IPv6 address"},
      {std::string_view("[::1\0]:80", 9), "not an IPv6 address"},
      {"unix:", "the path is missing"},
      {std::string_view("unix:a\0b", 8), "holds no zero byte"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    Guarded bytes(row.text);
    auto address = Address::parse(bytes.view());
    REQUIRE(!address.ok());
    CHECK(address.error().text.find(row.why) != std::string::npos);
    CHECK(address.error().text.find("IPV4:PORT") != std::string::npos);
    CHECK(address.error().text.find('\n') == std::string::npos);
  }
}

TEST_CASE("sys/address: a unix path has at most 107 bytes") {
  std::string path(107, 'p');
  CHECK(parsed("unix:" + path).path() == path);
  CHECK(!Address::parse("unix:" + path + "p").ok());
}

TEST_CASE("sys/address: is_loopback") {
  for (const char* text : {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"})
    CHECK_MESSAGE(parsed(text).is_loopback(), text);
  for (const char* text : {"128.0.0.1:1", "0.0.0.0:1", "[::]:1", "[::2]:1", "unix:/x"})
    CHECK_MESSAGE(!parsed(text).is_loopback(), text);
}

TEST_CASE("sys/address: copy_ip and from_ip undo each other") {
  for (const char* text : {"10.1.2.3:80", "[2001:db8::1]:80", "[::]:80", "0.0.0.0:80"}) {
    uint8_t ip[16];
    Address address = parsed(text);
    address.copy_ip(ip);
    CHECK(Address::from_ip(ip, 80) == address);
    CHECK(Address::from_ip(ip, 81) != address);
  }
  uint8_t ip[16];
  parsed("10.1.2.3:80").copy_ip(ip);
  const uint8_t wanted[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
  CHECK(memcmp(ip, wanted, 16) == 0);
  parsed("unix:/x").copy_ip(ip);
  CHECK(ip[12] == 0);
}

TEST_CASE("sys/address: abstract unix names") {
  auto abstract = [](std::string_view name) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, name.size());
    size_t size = offsetof(sockaddr_un, sun_path) + 1 + name.size();
    return Address(reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(size));
  };
  CHECK(abstract("name").to_string() == "unix:@name");
  CHECK(abstract("name").abstract_name() == "name");
  CHECK(abstract("name") == abstract("name"));
  CHECK_FALSE(abstract("name") == abstract("other"));
  CHECK_FALSE(abstract("name") == parsed("unix:/name"));
  CHECK(parsed("unix:/name").abstract_name() == "");
  CHECK(parsed("127.0.0.1:1").abstract_name() == "");
}

TEST_CASE("sys/address: of an unnamed unix peer, and of nothing") {
  sockaddr_un unnamed = {};
  unnamed.sun_family = AF_UNIX;
  Address address(reinterpret_cast<sockaddr*>(&unnamed), sizeof(sa_family_t));
  CHECK(address.to_string() == "unix:");
  CHECK(address.abstract_name() == "");
  CHECK(Address().to_string() == "");
  CHECK(Address().abstract_name() == "");
  CHECK(Address().port() == 0);
  Address changed = parsed("[::1]:1");
  changed.set_port(700);
  CHECK(changed.to_string() == "[::1]:700");
}

#include "codec/host.h"

#include <doctest/doctest.h>

#include "guarded.h"

using namespace oklo::codec;

TEST_CASE("codec/host: nothing behind the text is read") {
  for (std::string_view text :
       {"a.example.org:8080", "127.0.0.1:80", "255.255.255.255", "[::ffff:1.2.3.4]:1", "[1:2:3:4:5:6:7::]"})
    for (size_t size = 0; size <= text.size(); size++) {
      Guarded guarded(text.substr(0, size));
      bool whole = size == text.size();
      bool valid = valid_host(guarded.view());
      CHECK((valid || !whole));
    }
}

TEST_CASE("codec/host: empty text is no host") {
  CHECK_FALSE(valid_host(""));
  CHECK_FALSE(valid_host_with_port(""));
}

TEST_CASE("codec/host: the port") {
  CHECK(valid_host("a:0"));
  CHECK(valid_host("a:65535"));
  CHECK(valid_host("a:"));
  CHECK_FALSE(valid_host("a:65536"));
  CHECK_FALSE(valid_host("a:123456"));
  CHECK_FALSE(valid_host("a:+1"));
  CHECK(valid_host_with_port("a:1"));
  CHECK(valid_host_with_port("[::]:1"));
  CHECK_FALSE(valid_host_with_port("a:"));
  CHECK_FALSE(valid_host_with_port("a"));
  CHECK_FALSE(valid_host_with_port("a:b"));
}

TEST_CASE("codec/host: a number at the end asks for an IPv4 address") {
  for (const char* text :
       {"0.0.0.0", "1.2.3.4", "10.20.30.40", "255.255.255.255", "1.2.3.x", "1.2.3.4x", "1.2.3.4.x."})
    CHECK(valid_host(text));
  for (const char* text :
       {"1", "1.2", "1.2.3", "1.2.3.4.5", "00.0.0.0", "1.2.3.256", "1.2.3.1234", "x.1", "x.1.", "1.2.3.4."})
    CHECK_FALSE(valid_host(text));
}

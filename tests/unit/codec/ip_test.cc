#include "codec/ip.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

std::string read_back(const std::string& text) {
  Guarded bytes(text);
  std::optional<Ip> ip = parse_ip(bytes.view());
  return ip ? ip->to_string() : "none";
}

}  // namespace

TEST_CASE("codec/ip: IPv4 addresses") {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "1.20.0.9"})
    CHECK(read_back(text) == text);
  for (const char* text :
       {"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", ".1.2.3", "1..2.3", "256.1.1.1", "1.2.3.04",
        "00.1.1.1", "1.2.3.-4", "1.2.3.4 ", " 1.2.3.4", "a.b.c.d", "1.2.3.1000"})
    CHECK_MESSAGE(read_back(text) == "none", text);
  CHECK(parse_ipv4("192.0.2.1")->is_v4());
  CHECK(parse_ipv4("192.0.2.1")->bytes ==
        std::array<uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1});
  CHECK(!parse_ipv4("::1"));
}

TEST_CASE("codec/ip: IPv6 addresses, as RFC 5952 writes them") {
  struct Row {
    const char* text;
    const char* written;
  };
  for (const Row& row : {
           Row{"::", "::"}, {"::1", "::1"}, {"1::", "1::"}, {"2001:db8::1", "2001:db8::1"},
           {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}, {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
           {"1:0:0:4:0:0:7:8", "1::4:0:0:7:8"}, {"1:0:0:4:0:0:0:8", "1:0:0:4::8"},
           {"1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
           {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"}, {"1:2:3:4:5:6::", "1:2:3:4:5:6::"},
           {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"}, {"0001:0020:0300:4000:5:6:7:8", "1:20:300:4000:5:6:7:8"},
           {"::ffff:192.0.2.1", "192.0.2.1"}, {"::ffff:c000:201", "192.0.2.1"},
           {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
           {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"}, {"::192.0.2.1", "::c000:201"}})
    CHECK_MESSAGE(read_back(row.text) == row.written, row.text);
  for (const char* text :
       {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8", ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:", "12345::", "g::", "[::1]", "::1%lo", "::1/128", "::1 ", "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3.4:5", "::1.2.3", "1.2.3.4::"})
    CHECK_MESSAGE(read_back(text) == "none", text);
  CHECK(!parse_ipv6("192.0.2.1"));
  CHECK(!parse_ipv6("::1")->is_v4());
}

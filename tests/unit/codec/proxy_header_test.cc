#include "codec/proxy_header.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;
using State = ProxyVerdict::State;

namespace {

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
const std::string kFour("\xc0\0\2\1\xc6\x33\x64\2\x13\x88\0\x50", 12);  // 192.0.2.1, 198.51.100.2, 5000, 80

// A header of version 2.
std::string binary(int command, int family, const std::string& block) {
  std::string text = kSignature;
  text.push_back(static_cast<char>(command));
  text.push_back(static_cast<char>(family));
  text.push_back(static_cast<char>(block.size() >> 8));
  text.push_back(static_cast<char>(block.size()));
  return text + block;
}

std::string extra(int type, const std::string& value) {
  return std::string{static_cast<char>(type), static_cast<char>(value.size() >> 8),
                     static_cast<char>(value.size())} +
         value;
}

std::string six(const std::string& source, const std::string& destination) {
  std::string block;
  for (const std::string& text : {source, destination}) {
    auto ip = parse_ip(text).value();
    for (uint8_t byte : ip.bytes) block.push_back(static_cast<char>(byte));
  }
  return block + std::string("\x13\x88\0\x50", 4);
}

std::string shown(const ProxyVerdict& verdict, const ProxyHeader& header) {
  if (verdict.state == State::more) return "more";
  if (verdict.state == State::bad) return verdict.fault;
  if (header.peer == ProxyHeader::Peer::proxy) return "proxy";
  if (header.peer == ProxyHeader::Peer::unix_socket) return "unix";
  return header.source.to_string() + " " + std::to_string(header.source_port) + " > " +
         header.destination.to_string() + " " + std::to_string(header.destination_port);
}

std::string parsed(const std::string& input, size_t* size = nullptr) {
  Guarded bytes(input);
  ProxyHeader header;
  ProxyVerdict verdict = parse_proxy_header(bytes.view(), header);
  if (size) *size = verdict.size;
  return shown(verdict, header);
}

// What is said of a header, whether it comes whole, byte by byte, or with a client's first bytes behind it.
std::string read(const std::string& input) {
  size_t whole_size = 0;
  std::string whole = parsed(input, &whole_size);
  bool over = false;
  for (size_t end = 0; end < input.size(); end++) {
    std::string part = parsed(input.substr(0, end));
    CHECK((part == "more" || part == whole));
    CHECK(!(over && part == "more"));
    over |= part != "more";
  }
  if (whole == "more") return whole;
  for (const char* behind : {"x", "\r\n", "GET / HTTP/1.1\r\n\r\n", "PROXY UNKNOWN\r\n"}) {
    size_t size = 0;
    CHECK(parsed(input + behind, &size) == whole);
    CHECK(size == whole_size);
  }
  CHECK((whole_size == 0 || whole_size == input.size()));
  return whole;
}

}  // namespace

TEST_CASE("codec/proxy_header: version 1") {
  CHECK(read("PROXY TCP4 192.0.2.1 198.51.100.2 5000 80\r\n") == "192.0.2.1 5000 > 198.51.100.2 80");
  CHECK(read("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n") ==
        "255.255.255.255 65535 > 255.255.255.255 65535");
  CHECK(read("PROXY TCP4 192.0.2.1 198.51.100.2 0 0\r\n") == "192.0.2.1 0 > 198.51.100.2 0");
  CHECK(read("PROXY TCP6 2001:db8::1 ::1 5000 80\r\n") == "2001:db8::1 5000 > ::1 80");
  CHECK(read("PROXY TCP6 ::ffff:192.0.2.1 ::1 5000 80\r\n") == "192.0.2.1 5000 > ::1 80");
  std::string longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  CHECK(read("PROXY TCP6 " + longest + " " + longest + " 65535 65535\r\n") ==
        longest + " 65535 > " + longest + " 65535");
}

TEST_CASE("codec/proxy_header: version 1 that does not say whose the connection is") {
  CHECK(read("PROXY UNKNOWN\r\n") == "proxy");
  CHECK(read("PROXY UNKNOWN anything \r or \n else\r\n") == "proxy");
  CHECK(read("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n") == "proxy");
  CHECK(read("PROXY TCP6 :: :: 0 0\r\n") == "proxy");
  std::string address = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  std::string longest = "PROXY UNKNOWN " + address + " " + address + " 65535 65535\r\n";
  REQUIRE(longest.size() == kProxyLineBytesMax);
  CHECK(read(longest) == "proxy");
}

TEST_CASE("codec/proxy_header: a line is at most 107 bytes long") {
  std::string line = "PROXY UNKNOWN " + std::string(kProxyLineBytesMax - 14, 'x');
  CHECK(parsed(line.substr(0, 106)) == "more");
  CHECK(parsed(line) == "a line of more than 107 bytes");
  CHECK(parsed(line + "\r\n") == "a line of more than 107 bytes");
  CHECK(parsed(line.substr(0, 106) + "\r\n") == "a line of more than 107 bytes");
}

TEST_CASE("codec/proxy_header: version 1 that is broken") {
  auto tcp4 = [](const std::string& rest) { return read("PROXY TCP4 " + rest + "\r\n"); };
  CHECK(tcp4("192.0.2.1 198.51.100.2 5000 80 ") == "a blank at its end");
  CHECK(tcp4("192.0.2.1 198.51.100.2 5000 80 90") == "more than two addresses and ports");
  CHECK(tcp4("192.0.2.1 198.51.100.2 5000") == "no port");
  CHECK(tcp4("192.0.2.1  198.51.100.2 5000 80") == "no IPv4 address");
  CHECK(tcp4("192.0.2.1\t198.51.100.2 5000 80") == "no IPv4 address");
  CHECK(tcp4("192.0.2.256 198.51.100.2 5000 80") == "no IPv4 address");
  CHECK(tcp4("2001:db8::1 ::1 5000 80") == "no IPv4 address");
  CHECK(tcp4("") == "no IPv4 address");
  for (const char* port : {"65536", "080", "-1", "+1", "1e3", "123456"})
    CHECK_MESSAGE(tcp4("192.0.2.1 198.51.100.2 5000 " + std::string(port)) == "no port", port);
  CHECK(tcp4("192.0.2.1 198.51.100.2 05000 80") == "no port");
  CHECK(read("PROXY TCP6 192.0.2.1 198.51.100.2 5000 80\r\n") == "no IPv6 address");
  CHECK(read("PROXY UDP4 192.0.2.1 198.51.100.2 5000 80\r\n") == "neither TCP4, TCP6 nor UNKNOWN");
  CHECK(read("PROXY tcp4 192.0.2.1 198.51.100.2 5000 80\r\n") == "neither TCP4, TCP6 nor UNKNOWN");
  CHECK(read("PROXY UNKNOWNX\r\n") == "neither TCP4, TCP6 nor UNKNOWN");
  CHECK(parsed("PROXY TCP4 192.0.2.1 198.51.100.2 5000 80\nGET / HTTP/1.1\r\n") == "no port");
}

TEST_CASE("codec/proxy_header: what does not begin as a header is bad at once") {
  for (const char* text : {"GET / HTTP/1.1\r\n", "proxy ", "PROXY\t", "PRO.", "\n", "\r\r", " PROXY "})
    CHECK_MESSAGE(parsed(text) == "it does not begin as one", text);
  CHECK(parsed(kSignature.substr(0, 11) + "\r") == "it does not begin as one");
  CHECK(parsed("") == "more");
}

TEST_CASE("codec/proxy_header: version 2") {
  for (int transport : {1, 2}) {
    CHECK(read(binary(0x21, 0x10 + transport, kFour)) == "192.0.2.1 5000 > 198.51.100.2 80");
    CHECK(read(binary(0x21, 0x20 + transport, six("2001:db8::1", "::1"))) == "2001:db8::1 5000 > ::1 80");
    CHECK(read(binary(0x21, 0x30 + transport, std::string(216, 'x'))) == "unix");
  }
  CHECK(read(binary(0x21, 0x21, six("192.0.2.1", "198.51.100.2"))) == "192.0.2.1 5000 > 198.51.100.2 80");
  CHECK(read(binary(0x21, 0x00, "")) == "proxy");
  CHECK(read(binary(0x21, 0x21, six("::", "::1"))) == "proxy");
  CHECK(read(binary(0x21, 0x11, kFour + extra(4, "padding") + extra(1, "h2") + extra(2, ""))) ==
        "192.0.2.1 5000 > 198.51.100.2 80");
}

TEST_CASE("codec/proxy_header: of LOCAL nothing but the length counts") {
  CHECK(read(binary(0x20, 0x00, "")) == "proxy");
  CHECK(read(binary(0x20, 0x11, kFour)) == "proxy");
  CHECK(read(binary(0x20, 0xff, "whatever")) == "proxy");
}

TEST_CASE("codec/proxy_header: a checksum that is there is checked") {
  std::string sum("\xa3\xa8\xb1\xb7", 4);
  std::string good = binary(0x21, 0x11, kFour + extra(3, "SUMS"));
  good.replace(good.size() - 4, 4, sum);
  CHECK(read(good) == "192.0.2.1 5000 > 198.51.100.2 80");
  for (size_t at = 16; at < 28; at++) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK(read(changed) == "a wrong checksum");
  }
  CHECK(read(binary(0x21, 0x11, kFour + extra(3, std::string(4, '\0')))) == "a wrong checksum");
  CHECK(read(binary(0x21, 0x11, kFour + extra(3, "123"))) == "a checksum that is not four bytes long");
}

TEST_CASE("codec/proxy_header: version 2 that is broken") {
  for (int command : {0x00, 0x11, 0x22, 0x2f, 0x31})
    CHECK(read(binary(command, 0x11, kFour)) == "an unknown version or command");
  for (int family : {0x13, 0x41, 0xf1})
    CHECK(read(binary(0x21, family, kFour)) == "an unknown address family or transport");
  for (int family : {0x10, 0x20, 0x30, 0x01, 0x02})
    CHECK(read(binary(0x21, family, std::string(216, 'x'))) ==
          "a family without a transport, or a transport without a family");
  CHECK(read(binary(0x21, 0x11, kFour.substr(1))) == "cut addresses");
  CHECK(read(binary(0x21, 0x21, kFour)) == "cut addresses");
  CHECK(read(binary(0x21, 0x31, std::string(215, 'x'))) == "cut addresses");
  CHECK(read(binary(0x21, 0x11, kFour + "\1")) == "a cut extra");
  CHECK(read(binary(0x21, 0x11, kFour + std::string("\1\0", 2))) == "a cut extra");
  CHECK(read(binary(0x21, 0x11, kFour + std::string("\1\0\1", 3))) == "a cut extra");
  CHECK(read(binary(0x21, 0x11, kFour + extra(1, "a") + std::string("\1\1\0x", 4))) == "a cut extra");
}

TEST_CASE("codec/proxy_header: version 2 has at most 4096 bytes") {
  size_t left = kProxyHeaderBytesMax - 16 - kFour.size() - 3;
  std::string longest = binary(0x21, 0x11, kFour + extra(4, std::string(left, 'x')));
  REQUIRE(longest.size() == kProxyHeaderBytesMax);
  size_t size = 0;
  CHECK(parsed(longest + "x", &size) == "192.0.2.1 5000 > 198.51.100.2 80");
  CHECK(size == kProxyHeaderBytesMax);
  CHECK(parsed(longest.substr(0, 4095)) == "more");
  CHECK(parsed(binary(0x21, 0x11, kFour + extra(4, std::string(left + 1, 'x'))).substr(0, 16)) ==
        "more than 4096 bytes");
}

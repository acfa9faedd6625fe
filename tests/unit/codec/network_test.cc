#include "codec/network.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

// What is wrong with it, or how it is written.
std::string read_back(const std::string& text) {
  Guarded bytes(text);
  oklo::Result<Network> network = parse_network(bytes.view());
  if (!network) return network.error().text;
  CHECK(*parse_network(network->to_string()) == *network);
  return network->to_string();
}

// "unix" is a peer on a unix socket.
bool has(const char* network, const std::string& peer) {
  if (peer == "unix") return parse_network(network)->contains(nullptr);
  return parse_network(network)->contains(parse_ip(peer)->bytes.data());
}

}  // namespace

TEST_CASE("codec/network: what can be written, and how it is written back") {
  for (const char* text : {"all", "unix", "10.0.0.0/8", "192.0.2.7", "0.0.0.0/0", "::/0", "::1",
                           "2001:db8::/32", "10.1.2.128/25", "128.0.0.0/1", "8000::/1"})
    CHECK(read_back(text) == text);
  CHECK(read_back("192.0.2.7/32") == "192.0.2.7");
  CHECK(read_back("::1/128") == "::1");
  CHECK(read_back("2001:DB8:0::/48") == "2001:db8::/48");
  CHECK(read_back("::ffff:10.0.0.0/104") == "10.0.0.0/8");
  CHECK(read_back("::ffff:0:0/96") == "0.0.0.0/0");
}

TEST_CASE("codec/network: what is wrong is said") {
  CHECK(read_back("10.0.0.1/8") ==
        "bad network \"10.0.0.1/8\": there are bits behind the prefix; is it 10.0.0.0/8?");
  CHECK(read_back("2001:db8::1/32") ==
        "bad network \"2001:db8::1/32\": there are bits behind the prefix; is it 2001:db8::/32?");
  CHECK(read_back("10.0.0.0/33") == "bad network \"10.0.0.0/33\": the prefix has 0 to 32 bits");
  CHECK(read_back("::/129") == "bad network \"::/129\": the prefix has 0 to 128 bits");
  CHECK(read_back("::ffff:0:0/80") == "bad network \"::ffff:0:0/80\": write IPv4 networks as 10.0.0.0/8");
  for (const char* text : {"10.0.0.0/", "10.0.0.0/x", "10.0.0.0/ 8", "10.0.0.0/-1", "10.0.0.0/8/8",
                           "10.0.0.0/18446744073709551616"})
    CHECK_MESSAGE(read_back(text).find("the prefix has 0 to 32 bits") != std::string::npos, text);
  for (const char* text : {"", "ALL", "10.0.0", "localhost", "/8", "10.0.0.0:80", "[::1]", "any"})
    CHECK_MESSAGE(read_back(text).find("write an IPv4 or IPv6 address") != std::string::npos, text);
}

TEST_CASE("codec/network: who is in it") {
  CHECK(has("10.0.0.0/8", "10.255.0.1"));
  CHECK(!has("10.0.0.0/8", "11.0.0.0"));
  CHECK(has("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(has("::ffff:10.0.0.0/104", "10.1.2.3"));
  CHECK(has("192.0.2.7", "192.0.2.7"));
  CHECK(!has("192.0.2.7", "192.0.2.6"));
  CHECK(has("10.1.2.128/25", "10.1.2.200"));
  CHECK(!has("10.1.2.128/25", "10.1.2.127"));
  CHECK(has("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK(!has("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(has("::1", "::1"));
  CHECK(!has("::1", "::2"));
}

TEST_CASE("codec/network: the families do not mix") {
  CHECK(has("0.0.0.0/0", "192.0.2.1"));
  CHECK(!has("0.0.0.0/0", "2001:db8::1"));
  CHECK(has("::/0", "2001:db8::1"));
  CHECK(!has("::/0", "192.0.2.1"));
  CHECK(has("unix", "unix"));
  CHECK(!has("unix", "127.0.0.1"));
  CHECK(!has("0.0.0.0/0", "unix"));
  CHECK(!has("::/0", "unix"));
  for (const char* peer : {"unix", "192.0.2.1", "2001:db8::1"}) CHECK(has("all", peer));
}

TEST_CASE("codec/network: several") {
  std::vector<std::string> texts = {"10.0.0.0/8", "unix"};
  std::vector<Network> networks = *parse_networks(texts);
  CHECK(any_contains(networks, nullptr));
  CHECK(any_contains(networks, parse_ip("10.0.0.1")->bytes.data()));
  CHECK(!any_contains(networks, parse_ip("11.0.0.1")->bytes.data()));
  CHECK(!any_contains({}, nullptr));
  texts.push_back("nobody");
  CHECK(!parse_networks(texts));
}

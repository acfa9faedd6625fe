#include "codec/access_list.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace oklo::codec;

namespace {

using Rules = std::vector<std::string>;

// Which of these peers come in: 10.0.0.9, 10.0.0.1, ::1, 192.0.2.1 and one on a unix socket.
std::string admitted(const Rules& rules) {
  AccessList list = AccessList::parse(rules).value();
  std::string peers;
  for (const char* peer : {"10.0.0.9", "10.0.0.1", "::1", "192.0.2.1"})
    if (list.admits(parse_ip(peer)->bytes.data())) peers.append(peer).append(" ");
  return list.admits(nullptr) ? peers + "unix" : peers;
}

std::string fault(const Rules& rules) {
  oklo::Result<AccessList> list = AccessList::parse(rules);
  return list ? "" : list.error().text;
}

}  // namespace

TEST_CASE("codec/access_list: without a rule all come in") {
  CHECK(admitted({}) == "10.0.0.9 10.0.0.1 ::1 192.0.2.1 unix");
  CHECK(AccessList().empty());
}

TEST_CASE("codec/access_list: the first rule that has the peer decides") {
  CHECK(admitted({"deny 10.0.0.9", "allow 10.0.0.0/8", "deny all"}) == "10.0.0.1 ");
  CHECK(admitted({"allow 10.0.0.0/8", "deny 10.0.0.9", "deny all"}) == "10.0.0.9 10.0.0.1 ");
  CHECK(admitted({"deny unix", "allow all"}) == "10.0.0.9 10.0.0.1 ::1 192.0.2.1 ");
}

TEST_CASE("codec/access_list: where none has it, the opposite of the last holds") {
  CHECK(admitted({"allow 10.0.0.0/8"}) == "10.0.0.9 10.0.0.1 ");
  CHECK(admitted({"allow ::1", "allow unix"}) == "::1 unix");
  CHECK(admitted({"deny 10.0.0.0/8"}) == "::1 192.0.2.1 unix");
  CHECK(admitted({"deny 10.0.0.9", "allow 10.0.0.0/8"}) == "10.0.0.1 ");
  CHECK(admitted({"allow 10.0.0.9", "deny 10.0.0.0/8"}) == "10.0.0.9 ::1 192.0.2.1 unix");
}

TEST_CASE("codec/access_list: how rules are written") {
  CHECK(fault({"  allow \t 10.0.0.0/8 "}) == "");
  for (const char* rule : {"", "allow", "allow ", "10.0.0.0/8", "Allow all", "permit all", "denyall"})
    CHECK(fault({rule}) == "bad rule \"" + std::string(rule) + "\": write allow or deny and a network");
  CHECK(fault({"allow all", "deny here"}).starts_with("bad network \"here\": "));
}

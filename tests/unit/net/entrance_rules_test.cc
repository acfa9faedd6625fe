#include "net/entrance_rules.h"

#include <doctest/doctest.h>

namespace {

std::string fault(const oklo::Entrance& entrance) {
  auto rules = oklo::EntranceRules::read(entrance);
  return rules ? "" : rules.error().text;
}

}  // namespace

TEST_CASE("net/entrance_rules: what is wrong is said") {
  CHECK(fault({}) == "");
  CHECK(fault({.access = {"allow all"}, .proxy_protocol = {"10.0.0.0/8", "unix"}}) == "");
  CHECK(fault({.access = {"10.0.0.0/8"}}) == "bad rule \"10.0.0.0/8\": write allow or deny and a network");
  CHECK(fault({.proxy_protocol = {"10.0.0.1/8"}}).starts_with("bad network \"10.0.0.1/8\": "));
  CHECK(fault({.proxy_time_ms = 0}) == "proxy_time_ms must be at least 1");
}

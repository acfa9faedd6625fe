#include "net/address_order.h"

#include <doctest/doctest.h>

#include <string>

#include "sys/outgoing.h"

namespace {

std::string ordered(std::initializer_list<const char*> texts) {
  std::vector<oklo::sys::Address> addresses;
  for (const char* text : texts) addresses.push_back(*oklo::sys::numeric_address(text, 0));
  oklo::order_addresses(addresses);
  std::string all;
  for (const auto& address : addresses) all += address.host() + " ";
  return all;
}

}  // namespace

TEST_CASE("net/address_order: the two families in turns, IPv6 first, if there is a way") {
  CHECK(ordered({}).empty());
  CHECK(ordered({"127.0.0.2", "127.0.0.1"}) == "127.0.0.2 127.0.0.1 ");
  bool v6 = oklo::sys::has_way_to(*oklo::sys::numeric_address("::1", 0));
  CHECK(ordered({"127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"}) ==
        (v6 ? "::1 127.0.0.1 127.0.0.2 127.0.0.3 " : "127.0.0.1 127.0.0.2 127.0.0.3 ::1 "));
}

TEST_CASE("net/address_order: where there is no way comes last") {
  // 255.255.255.255 may not be connected to without SO_BROADCAST, whatever the routes are.
  CHECK(ordered({"255.255.255.255", "127.0.0.1"}) == "127.0.0.1 255.255.255.255 ");
}

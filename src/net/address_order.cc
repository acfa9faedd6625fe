#include "net/address_order.h"

#include <algorithm>
#include <utility>

#include "sys/outgoing.h"

namespace oklo {

namespace {

using Place = std::vector<sys::Address>::iterator;

void interleave(Place begin, Place end) {
  auto is_v6 = [](const sys::Address& address) { return address.family() == AF_INET6; };
  Place v4 = std::stable_partition(begin, end, is_v6);
  std::vector<sys::Address> first(begin, v4), second(v4, end);
  for (size_t i = 0; begin != end; i++) {
    if (i < first.size()) *begin++ = first[i];
    if (i < second.size()) *begin++ = second[i];
  }
}

}  // namespace

void order_addresses(std::vector<sys::Address>& addresses) {
  if (addresses.size() < 2) return;
  Place unreachable = std::stable_partition(addresses.begin(), addresses.end(), sys::has_way_to);
  interleave(addresses.begin(), unreachable);
  interleave(unreachable, addresses.end());
}

}  // namespace oklo

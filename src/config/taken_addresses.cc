#include "config/taken_addresses.h"

#include <utility>

#include "process/activated_sockets.h"

namespace oklo::config {

namespace {

// Whether the first address is a part of the second one: all addresses of IPv6 are those of IPv4, too.
bool is_within(const sys::Address& part, const sys::Address& all) {
  std::string host = all.host();
  return host == "::" || (host == "0.0.0.0" && part.family() == all.family());
}

}  // namespace

bool TakenAddresses::Taken::overlaps(const Taken& other) const {
  if (!name.empty() || !other.name.empty()) return name == other.name;
  if (address.is_unix() || other.address.is_unix()) return address == other.address;
  if (datagram != other.datagram || address.port() != other.address.port() || address.port() == 0)
    return false;
  return address == other.address || is_within(address, other.address) || is_within(other.address, address);
}

void TakenAddresses::take(Faults& faults, const std::string& address, bool datagram, Place place) {
  Taken taken = {{}, {}, datagram, place};
  if (ActivatedSockets::is_name(address)) {
    taken.name = address;
  } else {
    Result<sys::Address> parsed = sys::Address::parse(address);
    if (!parsed) return faults.add(place, parsed.error().text);
    taken.address = *parsed;
  }
  for (const Taken& other : taken_)
    if (taken.overlaps(other))
      return faults.add(place, "this address is taken at " + faults.name_of(other.place));
  taken_.push_back(std::move(taken));
}

}  // namespace oklo::config

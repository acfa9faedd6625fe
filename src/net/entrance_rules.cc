#include "net/entrance_rules.h"

#include <utility>

namespace oklo {

Result<EntranceRules> EntranceRules::read(const Entrance& entrance) {
  Result<codec::AccessList> access = codec::AccessList::parse(entrance.access);
  if (!access) return access.error();
  Result<std::vector<codec::Network>> proxies = codec::parse_networks(entrance.proxy_protocol);
  if (!proxies) return proxies.error();
  if (entrance.proxy_time_ms == 0) return Error{0, "proxy_time_ms must be at least 1"};
  return EntranceRules{std::move(access).value(), std::move(proxies).value(), entrance.proxy_time_ms};
}

}  // namespace oklo

#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "codec/access_list.h"
#include "codec/network.h"

#include <oklo/entrance.h>

namespace oklo {

// What an Entrance says, ready to be asked. Read before the workers are forked, the same in all of them.
struct EntranceRules {
  codec::AccessList access;
  std::vector<codec::Network> proxies;
  uint32_t proxy_time_ms = 0;

  static Result<EntranceRules> read(const Entrance& entrance);
};

}  // namespace oklo

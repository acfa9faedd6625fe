#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "codec/network.h"
#include "shm/connection_table.h"

namespace oklo {

enum class ConnectionSort : uint8_t { age, idle, in, out, queue, requests, id, kind, owner, peer };

// Which connections are to be shown, and in what order. All conditions hold at once.
struct ConnectionQuery {
  static constexpr uint32_t kLimitMax = 10'000;

  ConnectionSort sort = ConnectionSort::age;
  uint32_t limit = kLimitMax;
  std::optional<ConnectionKind> kind;
  std::optional<uint64_t> worker;  // that worker's, from 1 on
  std::optional<uint64_t> thread;  // that thread's of the gate, from 1 on
  std::optional<codec::Network> peer;
  uint64_t min_age_s = 0;
  uint64_t min_idle_s = 0;
  uint64_t min_in = 0;     // bytes
  uint64_t min_out = 0;
  uint64_t min_queue = 0;
};

// Reads words KEY=VALUE with a blank between them: sort, limit, or a condition. The error is for the person
// who wrote them.
Result<ConnectionQuery> parse_connection_query(std::string_view words);

}  // namespace oklo

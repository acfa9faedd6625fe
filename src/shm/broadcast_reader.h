#pragma once

#include <cstdint>
#include <string>

#include "shm/broadcast_ring.h"

namespace oklo {

struct BroadcastMessage {
  uint8_t kind = 0;
  uint64_t target = 0;
  std::string payload;
};

// What reading once came to. Lapped: so many records, of so many bytes with their heads, were overwritten
// before they were read, or stood in memory that is damaged; reading goes on behind them.
struct BroadcastRead {
  enum class Outcome : uint8_t { none, message, lapped };
  Outcome outcome = Outcome::none;
  uint64_t missed_records = 0;
  uint64_t missed_bytes = 0;
};

// A place in a ring, which is borrowed: reads the records in order. It never waits, and nothing that stands
// in the memory can make it read beyond the ring or stay where it is.
class BroadcastReader {
 public:
  // Reads what will be written from now on.
  explicit BroadcastReader(const BroadcastRing& ring);

  // The payload is a copy, in memory that the next read uses again. Without the outcome `message` what it
  // holds has no meaning.
  [[nodiscard]] BroadcastRead read(BroadcastMessage& message);

 private:
  BroadcastRead skip_to(BroadcastMark mark);

  const BroadcastRing& ring_;
  BroadcastMark at_;   // the next record
  BroadcastMark end_;  // what was published when we last looked
};

}  // namespace oklo

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shm/broadcast_ring.h"

namespace oklo {

// Writes to a ring, which is borrowed. One process at a time has one; a new one goes on behind what was
// committed, and drops what a writer that died had begun.
class BroadcastWriter {
 public:
  explicit BroadcastWriter(const BroadcastRing& ring);

  // One record at once. False when the payload is longer than the ring's payload_max, and nothing is done.
  [[nodiscard]] bool write(uint8_t kind, uint64_t target, std::string_view payload);

  // The same in steps: begin with the size of the payload, append until it is all there, commit. Nobody sees
  // anything before commit; to begin again drops what was begun.
  [[nodiscard]] bool begin(uint8_t kind, uint64_t target, size_t size);
  void append(std::string_view piece);
  void commit();

 private:
  void make_room(uint64_t end);

  const BroadcastRing& ring_;
  BroadcastMark oldest_;
  BroadcastMark end_;  // what is published
  uint64_t at_ = 0;    // where the next word of the payload goes
  size_t left_ = 0;    // how much of the payload is still to come
  char partial_[BroadcastRing::kWord] = {};  // the beginning of that word
  size_t partial_size_ = 0;
  bool begun_ = false;
};

}  // namespace oklo

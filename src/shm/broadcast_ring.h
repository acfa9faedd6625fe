#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "shm/shared_value.h"
#include "sys/memory.h"

namespace oklo {

// Where a record begins: bytes and records before it, since the ring was made. Neither ever goes back.
struct BroadcastMark {
  uint64_t position = 0;
  uint64_t sequence = 0;
  friend bool operator==(const BroadcastMark&, const BroadcastMark&) = default;
};

// What stands before the payload of a record.
struct BroadcastHead {
  uint64_t sequence = 0;  // that of the mark where it begins, else it is no record
  uint64_t target = 0;
  uint32_t size = 0;      // of the payload
  uint8_t kind = 0;
  uint8_t zero[3] = {};
};
static_assert(sizeof(BroadcastHead) == 24);

// The memory of a broadcast: records that one process writes (BroadcastWriter) and many read, each at its
// own pace (BroadcastReader). Made by the master before it forks; it outlives its writer, and the next
// process that writes goes on where the last one ended. Records begin at multiples of 8 bytes and wrap at
// the end of the memory wherever that falls. Pages are touched only when they are written.
//
// The writer waits for nobody: it first moves `oldest` over the records that it is about to overwrite, then
// writes, then moves `published`. A reader copies first and then asks whether `oldest` has passed the record
// meanwhile: a seqlock. The bytes are read and written as relaxed atomic words, so that the copy which is
// thrown away is no data race either.
class BroadcastRing {
 public:
  static constexpr size_t kCapacityMin = 64;

  // `capacity` is a power of two.
  static Result<BroadcastRing> create(size_t capacity);

  size_t capacity() const { return capacity_; }
  size_t payload_max() const { return payload_max(capacity_); }
  static constexpr size_t payload_max(size_t capacity) { return capacity / 4; }
  static constexpr uint64_t record_bytes(uint64_t payload) {
    return sizeof(BroadcastHead) + (payload + 7) / 8 * 8;
  }

  // The first record that is still whole, and the place behind the last one.
  SharedValue<BroadcastMark>& oldest() const { return shared().oldest; }
  SharedValue<BroadcastMark>& published() const { return shared().published; }

  // Bytes at a position, a multiple of the size of a word; what fills up the last word is zero.
  static constexpr size_t kWord = sizeof(size_t);
  void store(uint64_t position, const char* bytes, size_t size) const;
  void load(uint64_t position, char* out, size_t size) const;

  // The head of the record at `mark`, when one stands there that is not longer than records may be and ends
  // no later than `end`. Anything else is the work of a bug, or a record that has been overwritten.
  std::optional<BroadcastHead> head(BroadcastMark mark, BroadcastMark end) const;

 private:
  // The marks have a page of their own, before the records.
  struct Shared {
    alignas(64) SharedValue<BroadcastMark> oldest;
    alignas(64) SharedValue<BroadcastMark> published;
  };

  BroadcastRing(sys::Memory memory, size_t capacity) : memory_(std::move(memory)), capacity_(capacity) {}
  Shared& shared() const { return *reinterpret_cast<Shared*>(memory_.data()); }
  std::atomic<size_t>& word(uint64_t position) const;

  sys::Memory memory_;
  size_t capacity_;
};

}  // namespace oklo

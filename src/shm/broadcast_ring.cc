#include "shm/broadcast_ring.h"

#include <bit>
#include <cstring>

namespace oklo {

namespace {

constexpr size_t kPage = 4096;

}  // namespace

Result<BroadcastRing> BroadcastRing::create(size_t capacity) {
  static_assert(sizeof(Shared) <= kPage);
  OKLO_ASSERT(std::has_single_bit(capacity) && capacity >= kCapacityMin);
  Result<sys::Memory> memory = sys::Memory::allocate_shared(kPage + capacity);
  if (!memory) return std::move(memory).error();
  return BroadcastRing(std::move(memory).value(), capacity);
}

std::atomic<size_t>& BroadcastRing::word(uint64_t position) const {
  size_t offset = static_cast<size_t>(position) & (capacity_ - kWord);
  return *reinterpret_cast<std::atomic<size_t>*>(memory_.data() + kPage + offset);
}

void BroadcastRing::store(uint64_t position, const char* bytes, size_t size) const {
  size_t at = 0;
  for (size_t value; at + kWord <= size; at += kWord) {
    std::memcpy(&value, bytes + at, kWord);
    word(position + at).store(value, std::memory_order_relaxed);
  }
  if (at == size) return;
  size_t last = 0;
  std::memcpy(&last, bytes + at, size - at);
  word(position + at).store(last, std::memory_order_relaxed);
}

void BroadcastRing::load(uint64_t position, char* out, size_t size) const {
  size_t at = 0;
  for (; at + kWord <= size; at += kWord) {
    size_t value = word(position + at).load(std::memory_order_relaxed);
    std::memcpy(out + at, &value, kWord);
  }
  if (at == size) return;
  size_t last = word(position + at).load(std::memory_order_relaxed);
  std::memcpy(out + at, &last, size - at);
}

std::optional<BroadcastHead> BroadcastRing::head(BroadcastMark mark, BroadcastMark end) const {
  char bytes[sizeof(BroadcastHead)];
  load(mark.position, bytes, sizeof bytes);
  BroadcastHead head;
  std::memcpy(&head, bytes, sizeof head);
  if (head.sequence != mark.sequence || head.size > payload_max()) return std::nullopt;
  if (end.position - mark.position < record_bytes(head.size)) return std::nullopt;
  return head;
}

}  // namespace oklo

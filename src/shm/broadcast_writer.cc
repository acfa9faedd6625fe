#include "shm/broadcast_writer.h"

#include <algorithm>
#include <cstring>

namespace oklo {

// What the marks say is checked, since the last writer may have died of a bug that wrote there. No ring comes
// as far as 2^62.
BroadcastWriter::BroadcastWriter(const BroadcastRing& ring)
    : ring_(ring), oldest_(ring.oldest().value()), end_(ring.published().value()) {
  if (end_.position >> 62 != 0 || end_.sequence >> 62 != 0 || end_.position % 8 != 0) end_ = {};
  uint64_t kept = end_.position - oldest_.position;
  if (kept > ring_.capacity() || kept % 8 != 0 || oldest_.sequence > end_.sequence) oldest_ = end_;
  ring_.oldest().set(oldest_);
  ring_.published().set(end_);
}

bool BroadcastWriter::write(uint8_t kind, uint64_t target, std::string_view payload) {
  if (!begin(kind, target, payload.size())) return false;
  append(payload);
  commit();
  return true;
}

bool BroadcastWriter::begin(uint8_t kind, uint64_t target, size_t size) {
  if (size > ring_.payload_max()) return false;
  make_room(end_.position + BroadcastRing::record_bytes(size));
  BroadcastHead head = {end_.sequence, target, static_cast<uint32_t>(size), kind};
  char bytes[sizeof head];
  std::memcpy(bytes, &head, sizeof head);
  ring_.store(end_.position, bytes, sizeof bytes);
  at_ = end_.position + sizeof head;
  left_ = size;
  partial_size_ = 0;
  begun_ = true;
  return true;
}

// The fence stands between the mark and the words of the record: a reader that copied one of the new words
// and then, behind its own fence, looks at the mark sees that it moved.
void BroadcastWriter::make_room(uint64_t end) {
  if (end - oldest_.position <= ring_.capacity()) return;
  while (end - oldest_.position > ring_.capacity()) {
    std::optional<BroadcastHead> head = ring_.head(oldest_, end_);
    if (!head) {  // Damaged: nothing is known of what follows.
      oldest_ = end_;
      break;
    }
    oldest_.position += BroadcastRing::record_bytes(head->size);
    oldest_.sequence++;
  }
  ring_.oldest().set(oldest_);
  std::atomic_thread_fence(std::memory_order_release);
}

void BroadcastWriter::append(std::string_view piece) {
  constexpr size_t kWord = BroadcastRing::kWord;
  OKLO_ASSERT(begun_ && piece.size() <= left_);
  left_ -= piece.size();
  while (!piece.empty()) {
    size_t taken;
    if (partial_size_ == 0 && piece.size() >= kWord) {
      taken = piece.size() / kWord * kWord;
      ring_.store(at_, piece.data(), taken);
      at_ += taken;
    } else {
      taken = std::min(kWord - partial_size_, piece.size());
      std::memcpy(partial_ + partial_size_, piece.data(), taken);
      partial_size_ += taken;
      if (partial_size_ == kWord) {
        ring_.store(at_, partial_, kWord);
        at_ += kWord;
        partial_size_ = 0;
      }
    }
    piece.remove_prefix(taken);
  }
}

void BroadcastWriter::commit() {
  OKLO_ASSERT(begun_ && left_ == 0);
  ring_.store(at_, partial_, partial_size_);
  at_ += partial_size_;
  begun_ = false;
  end_.position = (at_ + 7) / 8 * 8;
  end_.sequence++;
  ring_.published().set(end_);
}

}  // namespace oklo

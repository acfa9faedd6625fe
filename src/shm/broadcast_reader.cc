#include "shm/broadcast_reader.h"

namespace oklo {

using Outcome = BroadcastRead::Outcome;

BroadcastReader::BroadcastReader(const BroadcastRing& ring)
    : ring_(ring), at_(ring.published().value()), end_(at_) {}

BroadcastRead BroadcastReader::read(BroadcastMessage& message) {
  if (at_ == end_) end_ = ring_.published().value();
  if (at_ == end_) return {};
  std::optional<BroadcastHead> head = ring_.head(at_, end_);
  if (head) {
    message.payload.resize(head->size);
    ring_.load(at_.position + sizeof *head, message.payload.data(), head->size);
  }
  // What was copied counts only if it was still whole afterwards: if a word of it was new already, then so
  // is the mark that is read here.
  std::atomic_thread_fence(std::memory_order_acquire);
  BroadcastMark oldest = ring_.oldest().value();
  if (at_.sequence < oldest.sequence) return skip_to(oldest);
  if (!head) return skip_to(ring_.published().value());
  at_.position += BroadcastRing::record_bytes(head->size);
  at_.sequence++;
  message.kind = head->kind;
  message.target = head->target;
  return {Outcome::message};
}

// Marks only grow; those that don't were written by a bug, and then the end is as good a place as any.
BroadcastRead BroadcastReader::skip_to(BroadcastMark mark) {
  end_ = ring_.published().value();
  if (mark.sequence < at_.sequence || mark.sequence > end_.sequence || mark.position < at_.position ||
      mark.position > end_.position)
    mark = end_;
  BroadcastRead lapped = {Outcome::lapped, mark.sequence - at_.sequence, mark.position - at_.position};
  if (mark.sequence < at_.sequence || mark.position < at_.position)
    lapped.missed_records = lapped.missed_bytes = 0;
  at_ = mark;
  return lapped;
}

}  // namespace oklo

#include "reactor/fd_table.h"

#include <utility>

namespace oklo {

namespace {

// Whoever asks for events that change how others are served would be served wrongly.
constexpr uint32_t kAllowed = sys::kReadable | sys::kWritable | sys::kPeerClosed;

}  // namespace

uint64_t FdTable::add(int fd, uint32_t events, Function<void(uint32_t)> function) {
  if (fd < 0) return 0;
  if (++sequence_ == 0) sequence_ = 1;
  Node& node = nodes_.insert(*this, sequence_, fd, std::move(function));
  node.watched_ = reactor_.add(fd, events & kAllowed, node) >= 0;
  if (node.watched_) return node.number();
  nodes_.erase(node);
  return 0;
}

FdTable::Node* FdTable::find(uint64_t number) {
  Node* node = nodes_.find(static_cast<uint32_t>(number));
  return node && node->number() == number ? node : nullptr;
}

bool FdTable::change(uint64_t number, uint32_t events) {
  Node* node = find(number);
  return node && reactor_.modify(node->fd_, events & kAllowed) >= 0;
}

void FdTable::remove(uint64_t number) {
  if (Node* node = find(number)) nodes_.erase(*node);
}

// The function stands outside of its node while it runs, so that it may remove itself.
void FdTable::call(Node& node, uint32_t events) {
  Function<void(uint32_t)> function = std::move(node.function_);
  uint64_t number = node.number();
  function(events);
  if (Node* same = find(number)) same->function_ = std::move(function);
}

}  // namespace oklo

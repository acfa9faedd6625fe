#include "reactor/timer_table.h"

#include <utility>

#include "base/assert.h"

namespace oklo {

uint64_t TimerTable::add_once(uint64_t expiry_ms, Function<void()> function) {
  return add(expiry_ms, 0, std::move(function));
}

uint64_t TimerTable::add_periodic(uint64_t start_ms, uint64_t interval_ms, Function<void()> function) {
  OKLO_ASSERT(interval_ms > 0 && "a timer without an interval would never rest");
  return add(start_ms + interval_ms, interval_ms, std::move(function));
}

uint64_t TimerTable::add(uint64_t expiry_ms, uint64_t interval_ms, Function<void()> function) {
  if (++sequence_ == 0) sequence_ = 1;
  Node& node = nodes_.insert(*this, sequence_, interval_ms, std::move(function));
  wheel_.arm(node, expiry_ms);
  return node.number();
}

TimerTable::Node* TimerTable::find(uint64_t number) {
  Node* node = nodes_.find(static_cast<uint32_t>(number));
  return node && node->number() == number ? node : nullptr;
}

void TimerTable::cancel(uint64_t number) {
  Node* node = find(number);
  if (!node) return;
  wheel_.cancel(*node);
  nodes_.erase(*node);
}

// The function stands outside of its node while it runs, so that it may cancel itself. The node is armed
// before the call, counted from when it was due and not from when it was called.
void TimerTable::call(Node& node) {
  Function<void()> function = std::move(node.function_);
  uint64_t number = node.number();
  if (node.interval_ms_ == 0) {
    nodes_.erase(node);
    return function();
  }
  uint64_t late_ms = wheel_.now_ms() - node.expiry_ms();
  wheel_.arm(node, node.expiry_ms() + (late_ms / node.interval_ms_ + 1) * node.interval_ms_);
  function();
  if (Node* same = find(number)) same->function_ = std::move(function);
}

}  // namespace oklo

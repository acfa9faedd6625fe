#pragma once

#include <cstdint>

#include "base/slot_table.h"
#include "reactor/timer_wheel.h"

#include <oklo/function.h>

namespace oklo {

// Timers by number over a TimerWheel, which must outlive it. A number is never 0 and never given twice, but
// for a wrap after 2^32 timers: what is cancelled twice, or too late, harms no other.
class TimerTable {
 public:
  explicit TimerTable(TimerWheel& wheel) : wheel_(wheel) {}

  // Calls `function` once, at `expiry_ms`.
  uint64_t add_once(uint64_t expiry_ms, Function<void()> function);
  // Calls `function` at `start_ms` + n * `interval_ms` for n from 1 on. Where the wheel comes late, it is
  // called once for all that it missed.
  uint64_t add_periodic(uint64_t start_ms, uint64_t interval_ms, Function<void()> function);
  void cancel(uint64_t number);

  size_t size() const { return nodes_.size(); }

 private:
  class Node final : public Timer {
   public:
    Node(uint32_t index, TimerTable& of, uint32_t sequence, uint64_t interval_ms, Function<void()> function)
        : owner_(of),
          index_(index),
          sequence_(sequence),
          interval_ms_(interval_ms),
          function_(std::move(function)) {}
    void on_timer() override { owner_.call(*this); }
    uint32_t slot_index() const { return index_; }
    uint64_t number() const { return uint64_t{sequence_} << 32 | index_; }

   private:
    friend class TimerTable;
    TimerTable& owner_;
    uint32_t index_;
    uint32_t sequence_;
    uint64_t interval_ms_;  // 0: once
    Function<void()> function_;
  };

  uint64_t add(uint64_t expiry_ms, uint64_t interval_ms, Function<void()> function);
  void call(Node& node);
  Node* find(uint64_t number);

  TimerWheel& wheel_;
  SlotTable<Node> nodes_;
  uint32_t sequence_ = 0;
};

}  // namespace oklo

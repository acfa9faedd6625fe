#pragma once

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>

#include "base/intrusive_list.h"

namespace oklo {

// Something that wants to be called once, at a time. It stands in at most one TimerWheel, which does not
// own it; it leaves the wheel when it dies, when it is cancelled, and before it is called.
class Timer : public ListNode {
 public:
  virtual void on_timer() = 0;

  bool armed() const { return linked(); }
  uint64_t expiry_ms() const { return expiry_ms_; }

 protected:
  ~Timer() { unlink(); }

 private:
  friend class TimerWheel;
  uint64_t expiry_ms_ = 0;
};

// A hierarchical timer wheel (Varghese and Lauck, scheme 7) with a tick of one millisecond: to arm and to
// cancel is constant time, and each timer is called in the very tick it asked for, provided that advance
// is called then; never before it. Timers that are still armed when it dies are left alone.
class TimerWheel {
 public:
  explicit TimerWheel(uint64_t now_ms) : now_ms_(now_ms), tick_ms_(now_ms) {}

  // Arms, or arms anew. A time that has passed is due in the next advance.
  void arm(Timer& timer, uint64_t expiry_ms);
  void cancel(Timer& timer);

  // Moves to `now_ms` and calls what is due, in the order of expiry; first what was past when it was
  // armed. A timer that is armed from within a call for a time up to now_ms waits for the next advance,
  // so advance always ends.
  void advance(uint64_t now_ms) {
    if (now_ms >= next_ms_) call_due(now_ms);
    else if (now_ms > now_ms_) now_ms_ = tick_ms_ = now_ms;
  }

  // How long to wait for the next call of advance, -1 when no timer is armed. Never too long; it may be
  // too short when the next timer is 64 ms away or more, or was cancelled.
  int timeout_ms(uint64_t now_ms) const {
    if (next_ms_ == UINT64_MAX) return -1;
    if (next_ms_ <= now_ms) return 0;
    return static_cast<int>(std::min<uint64_t>(next_ms_ - now_ms, INT_MAX));
  }

  uint64_t now_ms() const { return now_ms_; }

 private:
  static constexpr int kSlotBits = 6;
  static constexpr int kSlots = 1 << kSlotBits;
  static constexpr int kLevels = 11;  // enough for any time of 64 bits

  using Slot = IntrusiveList<Timer>;
  struct Place {
    int level;
    int slot;
  };

  Place place_of(uint64_t expiry_ms) const;
  Place first_place() const;
  uint64_t start_of(Place place) const;
  uint64_t first_start() const;
  void insert(Timer& timer);
  void call_due(uint64_t now_ms);
  void enter(Place place);
  static void call_all(Slot& due);

  uint64_t now_ms_;                // where advance goes, or has gone
  uint64_t tick_ms_;               // how far it has come: every timer in the slots is later
  uint64_t next_ms_ = UINT64_MAX;  // until then no timer is due and no slot is to be entered
  Slot past_;                      // what was due when it was armed
  std::array<uint64_t, kLevels> occupied_ = {};  // bits of the slots; one that is clear says: empty
  std::array<std::array<Slot, kSlots>, kLevels> slots_;
};

}  // namespace oklo

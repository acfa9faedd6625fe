#include "reactor/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <climits>

namespace oklo {

// A time is eleven digits of six bits. A timer stands on the level of the highest digit in which its
// expiry differs from the tick, in the slot that this digit names. So whatever stands on a level comes
// after all that stands on the lower ones; no slot at or before the tick's own digit is in use; and when
// the tick reaches the start of a slot, the timers in it differ in lower digits only and are placed anew.
TimerWheel::Place TimerWheel::place_of(uint64_t expiry_ms) const {
  uint64_t differing = (expiry_ms ^ tick_ms_) | 1;
  int level = (static_cast<int>(std::bit_width(differing)) - 1) / kSlotBits;
  return {level, static_cast<int>(expiry_ms >> (level * kSlotBits) & (kSlots - 1))};
}

void TimerWheel::insert(Timer& timer) {
  Place place = place_of(timer.expiry_ms_);
  slots_[place.level][place.slot].push_back(timer);
  occupied_[place.level] |= uint64_t{1} << place.slot;
  next_ms_ = std::min(next_ms_, start_of(place));
}

void TimerWheel::arm(Timer& timer, uint64_t expiry_ms) {
  cancel(timer);
  timer.expiry_ms_ = expiry_ms;
  if (expiry_ms > now_ms_) return insert(timer);
  past_.push_back(timer);
  next_ms_ = 0;
}

// A timer that was past has no slot; the one that is looked at in its stead is judged rightly all the same.
void TimerWheel::cancel(Timer& timer) {
  if (!timer.armed()) return;
  timer.unlink();
  Place place = place_of(timer.expiry_ms_);
  if (!slots_[place.level][place.slot].empty()) return;
  occupied_[place.level] &= ~(uint64_t{1} << place.slot);
  next_ms_ = first_start();
}

// The first slot that the tick will come to, level -1 when all are empty.
TimerWheel::Place TimerWheel::first_place() const {
  for (int level = 0; level < kLevels; level++)
    if (occupied_[level]) return {level, std::countr_zero(occupied_[level])};
  return {-1, 0};
}

// The tick with the digit of that level replaced, and zeros below it.
uint64_t TimerWheel::start_of(Place place) const {
  int shift = place.level * kSlotBits;
  uint64_t digits_below = (uint64_t{kSlots} << shift) - 1;
  return (tick_ms_ & ~digits_below) | static_cast<uint64_t>(place.slot) << shift;
}

uint64_t TimerWheel::first_start() const {
  if (!past_.empty()) return 0;
  Place first = first_place();
  return first.level < 0 ? UINT64_MAX : start_of(first);
}

void TimerWheel::call_due(uint64_t now_ms) {
  now_ms_ = std::max(now_ms_, now_ms);
  Slot past;
  past.splice_back(past_);
  call_all(past);
  for (Place first = first_place(); first.level >= 0 && start_of(first) <= now_ms_; first = first_place())
    enter(first);
  tick_ms_ = now_ms_;
  next_ms_ = first_start();
}

void TimerWheel::enter(Place place) {
  tick_ms_ = start_of(place);
  Slot members;
  members.splice_back(slots_[place.level][place.slot]);
  occupied_[place.level] &= ~(uint64_t{1} << place.slot);
  if (place.level == 0) return call_all(members);
  while (!members.empty()) {
    Timer& timer = members.front();
    timer.unlink();
    insert(timer);
  }
}

// Each leaves the list before it is called; a call may take others from it.
void TimerWheel::call_all(Slot& due) {
  while (!due.empty()) {
    Timer& timer = due.front();
    timer.unlink();
    timer.on_timer();
  }
}

}  // namespace oklo

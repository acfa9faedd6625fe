#include "process/queue_watch.h"

namespace oklo {

QueueWatch::QueueWatch(Reactor& reactor, const Listeners& listeners, const Scoreboard& scoreboard)
    : reactor_(reactor), listeners_(listeners), scoreboard_(scoreboard) {
  on_timer();
}

void QueueWatch::on_timer() {
  look();
  reactor_.timers().arm(*this, reactor_.clock().now_ms + kLookMs);
}

// The sockets of an address are for those who accept, in the order of their slots.
void QueueWatch::look() {
  Role who_accepts = scoreboard_.gate_lives() ? Role::gate_thread : Role::worker;
  uint32_t number = 0;
  for (uint32_t i = 0; i < scoreboard_.slots(); i++) {
    SlotRow& slot = scoreboard_.slot(i);
    if (slot.role != who_accepts) continue;
    sys::AcceptQueue queue = listeners_.queue(number++);
    slot.accept_queue = queue.length;
    slot.accept_queue_max = queue.limit;
  }
}

}  // namespace oklo

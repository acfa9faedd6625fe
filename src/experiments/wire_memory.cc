// Memory that both processes have, as a way to talk: a ring of messages, which one fills and the other
// empties. The bytes go no further than that. Only who finds nothing to do needs the kernel: it says that it
// is going to sleep, looks once more, and sleeps until the other side rings its bell. So as long as both are
// busy there is no system call at all.

#include <array>

#include "experiments/shared_page.h"
#include "experiments/wire.h"
#include "sys/event_fd.h"
#include "sys/waiting.h"

namespace oklo::experiments {

namespace {

// What wakes a process that sleeps: an fd, which may stand in an epoll beside others, ...
class EventBell {
 public:
  bool open() {
    Result<sys::EventFd> made = sys::EventFd::create();
    if (made) event_ = std::move(made).value();
    return event_.has_value();
  }
  void rest_while(const std::atomic<uint32_t>&) {
    (void)sys::wait_readable(event_->fd(), UINT64_MAX);
    event_->clear();
  }
  void wake(const std::atomic<uint32_t>&) { event_->ring(); }

 private:
  std::optional<sys::EventFd> event_;
};

// ... or the very word that says that it sleeps (futex(2)).
class FutexBell {
 public:
  bool open() { return true; }
  void rest_while(const std::atomic<uint32_t>& sleeps) { sys::futex_wait(sleeps, 1, UINT64_MAX); }
  void wake(const std::atomic<uint32_t>& sleeps) { sys::futex_wake(sleeps); }
};

// One side of a ring: how far it is, and whether it sleeps until the other side is further.
struct Side {
  std::atomic<uint32_t> place = 0;
  std::atomic<uint32_t> sleeps = 0;
};

struct Ring {
  static constexpr uint32_t kPlaces = 1024;
  Side putter, taker;
  std::array<Message, kPlaces> messages;

  bool has_room() const { return putter.place - taker.place < kPlaces; }
  bool has_message() const { return putter.place != taker.place; }
};

template <class Bell>
class MemoryWire final : public Wire {
 public:
  static Result<std::unique_ptr<Wire>> open() {
    Result<SharedPage<Ring>> ring = SharedPage<Ring>::make();
    if (!ring) return ring.error();
    std::unique_ptr<MemoryWire> wire(new MemoryWire(std::move(ring).value()));
    if (!wire->message_.open() || !wire->room_.open()) return Error{0, "cannot make a doorbell"};
    return std::unique_ptr<Wire>(std::move(wire));
  }

  bool put(const Message& message) override {
    wait(ring_->putter, room_, [this] { return ring_->has_room(); });
    ring_->messages[ring_->putter.place % Ring::kPlaces] = message;
    ring_->putter.place++;
    tell(ring_->taker, message_);
    return true;
  }
  bool take(Message& message) override {
    wait(ring_->taker, message_, [this] { return ring_->has_message(); });
    message = ring_->messages[ring_->taker.place % Ring::kPlaces];
    ring_->taker.place++;
    tell(ring_->putter, room_);
    return true;
  }

 private:
  explicit MemoryWire(SharedPage<Ring> ring) : ring_(std::move(ring)) {}

  // Who looks only before it says that it sleeps might miss what came in between, and sleep for ever.
  template <class Ready>
  static void wait(Side& side, Bell& bell, Ready ready) {
    while (!ready()) {
      side.sleeps = 1;
      if (!ready()) bell.rest_while(side.sleeps);
      side.sleeps = 0;
    }
  }
  static void tell(Side& other, Bell& bell) {
    if (other.sleeps.exchange(0)) bell.wake(other.sleeps);
  }

  SharedPage<Ring> ring_;
  Bell message_, room_;
};

}  // namespace

std::vector<Way> memory_ways() {
  return {{"shared memory, eventfd", MemoryWire<EventBell>::open},
          {"shared memory, futex", MemoryWire<FutexBell>::open}};
}

}  // namespace oklo::experiments

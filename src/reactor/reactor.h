#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/result.h"
#include "reactor/timer_wheel.h"
#include "sys/epoll.h"
#include "sys/memory.h"

#include <oklo/function.h>

namespace oklo {

// What a Reactor calls. The Reactor does not own it; whoever does must remove its fd before it dies.
class EventHandler {
 public:
  // The fd is ready: sys::Events.
  virtual void on_event(uint32_t events) = 0;
  // Phase 7: the handler was marked dirty in this turn.
  virtual void on_flush() { OKLO_ASSERT(false && "marked dirty without on_flush"); }
  // Phase 8: the handler asked to be destroyed in this turn. The last call that it gets.
  virtual void on_destroy() { OKLO_ASSERT(false && "doomed without on_destroy"); }

 protected:
  EventHandler() = default;
  ~EventHandler() { OKLO_ASSERT(place_ == Place::nowhere || place_ == Place::destroyed); }

 private:
  friend class Reactor;
  // doomed_dirty: doomed, but it still stands in the list of the dirty ones.
  enum class Place : uint8_t { nowhere, dirty, doomed_dirty, doomed, destroyed };
  EventHandler* next_ = nullptr;
  Place place_ = Place::nowhere;
};

// One epollfd, one timer wheel, one thread. An event belongs to a token {fd, generation}; the generation
// of an fd number changes with each add and remove, so an event that was fetched for a closed fd is
// dropped by one comparison, even if the number is in use again.
class Reactor {
 public:
  // fds_max: fd numbers from 0 to fds_max - 1 can be watched, but never more than kFdsMax.
  static Result<std::unique_ptr<Reactor>> create(uint64_t fds_max);

  // Watches `fd` for `interest` (sys::Events), level-triggered. 0, or a negative errno number. It must
  // be removed before it is closed.
  [[nodiscard]] long add(int fd, uint32_t interest, EventHandler& handler);
  [[nodiscard]] long modify(int fd, uint32_t interest);
  void remove(int fd);

  // Calls `function` in phase 6 of this turn, or of the next one when phase 6 has begun.
  void post(Function<void()> function);

  // on_flush in phase 7 of this turn, once however often it is marked.
  void mark_dirty(EventHandler& handler) { mark(handler, dirty_); }
  // The same, but after all that are dirty: of what others fill when they are flushed.
  void flush_last(EventHandler& handler) { mark(handler, dirty_last_); }
  // on_destroy in phase 8 of this turn, once. From here on the handler is not flushed any more.
  void destroy_later(EventHandler& handler);

  TimerWheel& timers() { return timers_; }
  const Clock& clock() const { return clock_; }

  void run() {  // turns until stop is called
    if (!stopped_) run_turns(stopped_);
  }
  void run_once() { run_turns(kOnce); }  // one turn
  void stop() { stopped_ = true; }

  // Counts its turns there, each before it waits: a heartbeat.
  void count_turns(Counter& counter) { turns_ = &counter; }
  // Tells there since when it has been dispatching, in monotonic milliseconds; 0: it waits in the kernel.
  void tell_busy(Counter& since_ms) { busy_since_ms_ = &since_ms; }

 private:
  static constexpr bool kOnce = true;
  static constexpr size_t kFdsMax = size_t{1} << 22;  // the limit of open files may be astronomical

  struct Watch {
    EventHandler* handler;  // nullptr: not watched
    uint32_t generation;
  };

  Reactor(sys::Epoll epoll, sys::Memory watches);
  Watch* watch(int fd);
  void run_turns(const bool& ends);
  void dispatch(uint64_t token, uint32_t events);
  void refresh_clock();
  void begin_second();
  int wait_timeout_ms() const;
  void run_posted();
  static void mark(EventHandler& handler, EventHandler*& list) {
    if (handler.place_ != EventHandler::Place::nowhere) return;
    handler.place_ = EventHandler::Place::dirty;
    handler.next_ = list;
    list = &handler;
  }
  bool is_unfinished() const { return dirty_ || dirty_last_ || doomed_; }
  void finish_turn();
  static void destroy(EventHandler* handler);
  void flush(EventHandler* handler);

  sys::Epoll epoll_;
  sys::Memory watches_;
  Clock clock_;
  uint64_t second_ends_ms_ = 0;  // when the wall clock has its next second
  TimerWheel timers_;
  std::vector<Function<void()>> posted_;
  EventHandler* dirty_ = nullptr;
  EventHandler* dirty_last_ = nullptr;
  EventHandler* doomed_ = nullptr;
  Counter own_turns_;
  Counter* turns_ = &own_turns_;
  Counter own_busy_since_ms_;
  Counter* busy_since_ms_ = &own_busy_since_ms_;
  bool stopped_ = false;
};

}  // namespace oklo

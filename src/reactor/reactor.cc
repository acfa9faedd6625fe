#include "reactor/reactor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "sys/time.h"

namespace oklo {

namespace {

constexpr size_t kEventsMax = 256;

uint64_t token_of(int fd, uint32_t generation) {
  return uint64_t{generation} << 32 | static_cast<uint32_t>(fd);
}

}  // namespace

Result<std::unique_ptr<Reactor>> Reactor::create(uint64_t fds_max) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return epoll.error();
  size_t count = static_cast<size_t>(std::min<uint64_t>(fds_max, kFdsMax));
  Result<sys::Memory> watches = sys::Memory::allocate(count * sizeof(Watch));
  if (!watches) return watches.error();
  return std::unique_ptr<Reactor>(new Reactor(std::move(epoll).value(), std::move(watches).value()));
}

Reactor::Reactor(sys::Epoll epoll, sys::Memory watches)
    : epoll_(std::move(epoll)), watches_(std::move(watches)), timers_(sys::monotonic_ms()) {
  refresh_clock();
}

Reactor::Watch* Reactor::watch(int fd) {
  size_t count = watches_.size() / sizeof(Watch);
  return static_cast<size_t>(fd) < count ? reinterpret_cast<Watch*>(watches_.data()) + fd : nullptr;
}

long Reactor::add(int fd, uint32_t interest, EventHandler& handler) {
  Watch* watched = watch(fd);
  if (!watched) return -ENOSPC;
  OKLO_ASSERT(!watched->handler);
  uint32_t generation = watched->generation + 1;
  if (long failed = epoll_.add(fd, interest, token_of(fd, generation)); failed < 0) return failed;
  *watched = {&handler, generation};
  return 0;
}

long Reactor::modify(int fd, uint32_t interest) {
  Watch* watched = watch(fd);
  OKLO_ASSERT(watched && watched->handler);
  return epoll_.modify(fd, interest, token_of(fd, watched->generation));
}

void Reactor::remove(int fd) {
  Watch* watched = watch(fd);
  OKLO_ASSERT(watched && watched->handler);
  watched->handler = nullptr;
  watched->generation++;
  epoll_.remove(fd);
}

void Reactor::post(Function<void()> function) { posted_.push_back(std::move(function)); }

// One link serves all lists: what is dirty when it is doomed stays where it is, and is moved, without a
// last flush, when the dirty ones are walked.
void Reactor::destroy_later(EventHandler& handler) {
  if (handler.place_ == EventHandler::Place::dirty) handler.place_ = EventHandler::Place::doomed_dirty;
  if (handler.place_ != EventHandler::Place::nowhere) return;
  handler.place_ = EventHandler::Place::doomed;
  handler.next_ = std::exchange(doomed_, &handler);
}

// A turn:
//   1  ask the timer wheel how long to wait
//   2  wait for events (epoll_wait)
//   3  read the clock, once
//   4  dispatch the events whose token still stands
//   5  call the timers that are due
//   6  call the functions that were posted before this phase
//   7  flush what was marked dirty, then what was to be flushed last
//   8  destroy what was doomed; nothing is destroyed anywhere else
// To destroy one may dirty or doom others: 7 and 8 go on until there are none.
void Reactor::run_turns(const bool& ends) {
  std::array<epoll_event, kEventsMax> events;
  int timeout_ms = is_unfinished() ? 0 : wait_timeout_ms();
  for (;;) {
    turns_->add(1);
    busy_since_ms_->set(0);
    long count = epoll_.wait(events, timeout_ms);
    refresh_clock();
    busy_since_ms_->set(clock_.now_ms);
    if (count <= 0) OKLO_ASSERT(count == 0 || count == -EINTR);
    const epoll_event* event = events.data();
    for (; count > 0; count--, event++) dispatch(event->data.u64, event->events);
    timers_.advance(clock_.now_ms);
    if (!posted_.empty()) run_posted();
    finish_turn();
    if (ends) return;
    timeout_ms = wait_timeout_ms();
  }
}

// The generation of an fd that was removed has moved on, so what stands here has a handler.
inline void Reactor::dispatch(uint64_t token, uint32_t events) {
  const Watch& watched = reinterpret_cast<const Watch*>(watches_.data())[static_cast<uint32_t>(token)];
  if (watched.generation == token >> 32) watched.handler->on_event(events);
}

inline int Reactor::wait_timeout_ms() const {
  return posted_.empty() ? timers_.timeout_ms(clock_.now_ms) : 0;
}

inline void Reactor::refresh_clock() {
  clock_.now_us = sys::monotonic_us();
  clock_.now_ms = clock_.now_us / 1000;
  if (clock_.now_ms >= second_ends_ms_) begin_second();
}

// The wall clock may be set: it is read anew whenever a second of it has passed.
void Reactor::begin_second() {
  sys::WallTime wall = sys::wall_time();
  clock_.wall_s = wall.seconds;
  clock_.now_s = static_cast<uint32_t>(clock_.now_ms / 1000);
  second_ends_ms_ = clock_.now_ms + 1000 - wall.nanoseconds / 1'000'000;
}

void Reactor::run_posted() {
  std::vector<Function<void()>> functions = std::exchange(posted_, {});
  for (Function<void()>& function : functions) function();
}

inline void Reactor::finish_turn() {
  for (;;) {
    if (dirty_) flush(std::exchange(dirty_, dirty_->next_));
    else if (dirty_last_) flush(std::exchange(dirty_last_, dirty_last_->next_));
    else if (doomed_) destroy(std::exchange(doomed_, doomed_->next_));
    else return;
  }
}

inline void Reactor::flush(EventHandler* handler) {
  auto was = std::exchange(handler->place_, EventHandler::Place::nowhere);
  if (was == EventHandler::Place::doomed_dirty) destroy_later(*handler);
  else handler->on_flush();
}

void Reactor::destroy(EventHandler* handler) {
  handler->place_ = EventHandler::Place::destroyed;
  handler->on_destroy();
}

}  // namespace oklo

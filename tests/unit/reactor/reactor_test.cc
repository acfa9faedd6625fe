#include "reactor/reactor.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sys/event_fd.h"
#include "sys/time.h"

#include "child.h"

namespace sys = oklo::sys;
using oklo::EventHandler;
using oklo::Reactor;

namespace {

struct Handler final : EventHandler {
  void on_event(uint32_t events) override {
    seen = events;
    calls++;
    if (then) then();
  }
  void on_flush() override {
    flushes++;
    if (when_flushed) when_flushed();
  }
  void on_destroy() override {
    destroys++;
    if (when_destroyed) when_destroyed();
  }
  uint32_t seen = 0;
  int calls = 0;
  int flushes = 0;
  int destroys = 0;
  oklo::Function<void()> then;
  oklo::Function<void()> when_flushed;
  oklo::Function<void()> when_destroyed;
};

struct Alarm final : oklo::Timer {
  void on_timer() override { then(); }
  oklo::Function<void()> then;
};

std::unique_ptr<Reactor> make_reactor() { return Reactor::create(1024).value(); }

sys::EventFd ringing() {
  sys::EventFd bell = sys::EventFd::create().value();
  bell.ring();
  return bell;
}

}  // namespace

TEST_CASE("reactor/reactor: tells a handler what its fd is ready for, until it is removed") {
  auto reactor = make_reactor();
  sys::EventFd bell = ringing();
  Handler handler;
  REQUIRE(reactor->add(bell.fd(), sys::kReadable, handler) == 0);
  reactor->run_once();
  CHECK(handler.seen == sys::kReadable);
  reactor->run_once();
  CHECK(handler.calls == 2);
  REQUIRE(reactor->modify(bell.fd(), sys::kWritable) == 0);
  reactor->run_once();
  CHECK(handler.seen == sys::kWritable);
  reactor->remove(bell.fd());
  reactor->post([] {});
  reactor->run_once();
  CHECK(handler.calls == 3);
}

TEST_CASE("reactor/reactor: an fd beyond its limit, or that is no fd, is an error") {
  auto reactor = Reactor::create(8).value();
  Handler handler;
  CHECK(reactor->add(8, sys::kReadable, handler) == -ENOSPC);
  CHECK(reactor->add(-1, sys::kReadable, handler) == -ENOSPC);
  CHECK(reactor->add(7, sys::kReadable, handler) == -EBADF);
  CHECK(Reactor::create(SIZE_MAX / 64).ok());
}

TEST_CASE("reactor/reactor: an fd that one handler closes and another opens again, in one batch") {
  // Three are ready in one batch. Whoever is called first, A, closes B; whoever is called next, C, opens a
  // new fd, which gets the number of B, and watches it with a handler of its own. What the batch still
  // holds for B must reach neither B's handler nor the new one.
  auto reactor = make_reactor();
  sys::EventFd a = ringing(), c = ringing();
  int b = sys::EventFd::create().value().fd();  // the lowest number that is free
  REQUIRE(fcntl(a.fd(), F_DUPFD, b) == b);
  Handler handler_a, handler_b, handler_c, fresh;
  int opened = -1;
  handler_a.then = [&] {
    reactor->remove(b);
    close(b);
    reactor->remove(a.fd());
  };
  handler_c.then = [&] {
    opened = fcntl(c.fd(), F_DUPFD, 0);
    REQUIRE(opened == b);
    REQUIRE(reactor->add(opened, sys::kReadable, fresh) == 0);
    reactor->remove(c.fd());
  };
  REQUIRE(reactor->add(a.fd(), sys::kReadable, handler_a) == 0);
  REQUIRE(reactor->add(c.fd(), sys::kReadable, handler_c) == 0);
  REQUIRE(reactor->add(b, sys::kReadable, handler_b) == 0);
  reactor->run_once();
  REQUIRE(handler_a.calls == 1);
  REQUIRE(handler_c.calls == 1);
  CHECK(handler_b.calls == 0);
  CHECK(fresh.calls == 0);
  reactor->run_once();
  CHECK(fresh.calls == 1);  // The new one is ready in its own right.
  CHECK(handler_b.calls == 0);
  reactor->remove(opened);
  close(opened);
}

TEST_CASE("reactor/reactor: the same fd removed and added again within a batch hears only of later batches") {
  auto reactor = make_reactor();
  sys::EventFd a = ringing(), b = ringing();
  Handler handler_a, old, fresh;
  handler_a.then = [&] {
    reactor->remove(b.fd());
    REQUIRE(reactor->add(b.fd(), sys::kReadable, fresh) == 0);
    reactor->remove(a.fd());
  };
  REQUIRE(reactor->add(a.fd(), sys::kReadable, handler_a) == 0);
  REQUIRE(reactor->add(b.fd(), sys::kReadable, old) == 0);
  reactor->run_once();
  CHECK(old.calls == 0);
  CHECK(fresh.calls == 0);
  reactor->run_once();
  CHECK(fresh.calls == 1);
  reactor->remove(b.fd());
}

TEST_CASE("reactor/reactor: more ready fds than one batch holds are all served") {
  auto reactor = make_reactor();
  std::vector<sys::EventFd> bells;
  std::vector<std::unique_ptr<Handler>> handlers;
  for (int i = 0; i < 600; i++) {
    bells.push_back(ringing());
    handlers.push_back(std::make_unique<Handler>());
    REQUIRE(reactor->add(bells.back().fd(), sys::kReadable, *handlers.back()) == 0);
  }
  for (size_t i = 0; i < bells.size(); i++) handlers[i]->then = [&bell = bells[i]] { bell.clear(); };
  for (int turns = 0; turns < 3; turns++) reactor->run_once();
  for (auto& handler : handlers) CHECK(handler->calls == 1);
  for (auto& bell : bells) reactor->remove(bell.fd());
}

TEST_CASE("reactor/reactor: the phases of a turn come in their order") {
  auto reactor = make_reactor();
  sys::EventFd bell = ringing();
  std::string order;
  Handler handler;
  Alarm alarm;
  handler.then = [&] {
    order += "event ";
    reactor->destroy_later(handler);
    reactor->remove(bell.fd());
  };
  Handler other;
  other.when_flushed = [&] { order += "flush "; };
  handler.when_destroyed = [&] { order += "destroy "; };
  alarm.then = [&] { order += "timer "; };
  reactor->timers().arm(alarm, reactor->clock().now_ms);
  oklo::Counter turns;
  reactor->count_turns(turns);
  reactor->mark_dirty(other);
  reactor->post([&] { order += "posted "; });
  REQUIRE(reactor->add(bell.fd(), sys::kReadable, handler) == 0);
  reactor->run_once();
  CHECK(order == "event timer posted flush destroy ");
  CHECK(turns.value() == 1);
}

TEST_CASE("reactor/reactor: what a posted function posts is called in the next turn, which does not wait") {
  auto reactor = make_reactor();
  int calls = 0;
  reactor->post([&] {
    calls++;
    reactor->post([&] { calls += 10; });
  });
  reactor->run_once();
  CHECK(calls == 1);
  reactor->run_once();
  CHECK(calls == 11);
}

TEST_CASE("reactor/reactor: what timers and events post is called in the same turn") {
  auto reactor = make_reactor();
  bool called = false;
  Alarm alarm;
  alarm.then = [&] { reactor->post([&] { called = true; }); };
  reactor->timers().arm(alarm, 0);
  reactor->run_once();
  CHECK(called);
}

TEST_CASE("reactor/reactor: each handler is flushed once a turn") {
  auto reactor = make_reactor();
  Handler first, second;
  reactor->post([&] {
    reactor->mark_dirty(first);
    reactor->mark_dirty(second);
    reactor->mark_dirty(first);
  });
  reactor->run_once();
  CHECK(first.flushes == 1);
  CHECK(second.flushes == 1);
  reactor->mark_dirty(second);
  reactor->run_once();  // Does not wait: there is something to flush.
  CHECK(first.flushes == 1);
  CHECK(second.flushes == 2);
}

TEST_CASE("reactor/reactor: what is marked while flushing or destroying is flushed in the same turn") {
  auto reactor = make_reactor();
  Handler first, second, doomed, late;
  first.when_flushed = [&] {
    if (first.flushes > 1) return;
    reactor->mark_dirty(first);
    reactor->mark_dirty(second);
    reactor->destroy_later(doomed);
  };
  doomed.when_destroyed = [&] { reactor->mark_dirty(late); };
  reactor->mark_dirty(first);
  reactor->run_once();
  CHECK(first.flushes == 2);
  CHECK(second.flushes == 1);
  CHECK(doomed.destroys == 1);
  CHECK(late.flushes == 1);
}

TEST_CASE("reactor/reactor: what is flushed last waits for all that is dirty, and is flushed once") {
  auto reactor = make_reactor();
  Handler last, first, second;
  first.when_flushed = [&] { reactor->flush_last(last); };
  second.when_flushed = [&] { reactor->flush_last(last); };
  last.when_flushed = [&] { CHECK(first.flushes + second.flushes == 2); };
  reactor->flush_last(last);
  reactor->mark_dirty(first);
  reactor->mark_dirty(second);
  reactor->run_once();
  CHECK(last.flushes == 1);
  reactor->flush_last(last);
  reactor->run_once();  // Does not wait.
  CHECK(last.flushes == 2);
}

TEST_CASE("reactor/reactor: a doomed handler is destroyed once, at the end, without a last flush") {
  auto reactor = make_reactor();
  Handler dirty_first, doomed_first, in_flush, other;
  reactor->post([&] {
    reactor->mark_dirty(dirty_first);
    reactor->mark_dirty(other);
    reactor->destroy_later(dirty_first);
    reactor->destroy_later(dirty_first);
    reactor->mark_dirty(dirty_first);
    reactor->destroy_later(doomed_first);
    reactor->mark_dirty(doomed_first);
    reactor->mark_dirty(in_flush);
  });
  in_flush.when_flushed = [&] {
    reactor->destroy_later(in_flush);
    reactor->mark_dirty(in_flush);
    CHECK(dirty_first.destroys + doomed_first.destroys == 0);
  };
  reactor->run_once();
  CHECK(dirty_first.flushes == 0);
  CHECK(doomed_first.flushes == 0);
  CHECK(in_flush.flushes == 1);
  CHECK(other.flushes == 1);
  CHECK(dirty_first.destroys == 1);
  CHECK(doomed_first.destroys == 1);
  CHECK(in_flush.destroys == 1);
  reactor->post([] {});
  reactor->run_once();
  CHECK(dirty_first.destroys == 1);
}

TEST_CASE("reactor/reactor: on_destroy may free the handler and doom another") {
  auto reactor = make_reactor();
  auto first = std::make_unique<Handler>();
  auto second = std::make_unique<Handler>();
  first->when_destroyed = [&] {
    reactor->destroy_later(*second);
    first.reset();
  };
  second->when_destroyed = [&] { second.reset(); };
  reactor->destroy_later(*first);
  reactor->run_once();
  CHECK(!first);
  CHECK(!second);
}

TEST_CASE("reactor/reactor: a handler that dies while it is marked, or is added twice, is a bug") {
  CHECK(in_child([] {
          signal(SIGABRT, SIG_DFL);
          close(STDERR_FILENO);
          auto reactor = make_reactor();
          auto handler = std::make_unique<Handler>();
          reactor->mark_dirty(*handler);
          handler.reset();
          return 0;
        }) == 1000 + SIGABRT);
  CHECK(in_child([] {
          signal(SIGABRT, SIG_DFL);
          close(STDERR_FILENO);
          auto reactor = make_reactor();
          sys::EventFd bell = ringing();
          Handler handler;
          long added = reactor->add(bell.fd(), sys::kReadable, handler);
          return static_cast<int>(added + reactor->add(bell.fd(), sys::kReadable, handler));
        }) == 1000 + SIGABRT);
}

TEST_CASE("reactor/reactor: waits until the next timer is due, and not much less") {
  auto reactor = make_reactor();
  Alarm alarm;
  uint64_t called_ns = 0;
  alarm.then = [&] { called_ns = sys::monotonic_ns(); };
  uint64_t due_ms = reactor->clock().now_ms + 30;
  reactor->timers().arm(alarm, due_ms);
  int turns = 0;
  while (called_ns == 0) {
    reactor->run_once();
    turns++;
  }
  CHECK(called_ns >= due_ms * 1'000'000);
  CHECK(turns <= 3);
}

TEST_CASE("reactor/reactor: run turns until it is stopped, and the turn is finished first") {
  auto reactor = make_reactor();
  Handler handler;
  oklo::Counter turns;
  reactor->count_turns(turns);
  reactor->post([&] { reactor->post([&] { reactor->stop(); reactor->mark_dirty(handler); }); });
  reactor->run();
  CHECK(turns.value() == 2);
  CHECK(handler.flushes == 1);
}

TEST_CASE("reactor/reactor: the clock stands still within a turn and agrees with the system's") {
  auto reactor = make_reactor();
  reactor->post([] {});
  reactor->run_once();
  const oklo::Clock& clock = reactor->clock();
  uint64_t now_ms = sys::monotonic_ns() / 1'000'000;
  CHECK(clock.now_ms <= now_ms);
  int64_t ahead_s = clock.wall_s - sys::wall_time().seconds;
  CHECK(ahead_s <= 1);
  CHECK(clock.wall_s > 1'600'000'000);
}

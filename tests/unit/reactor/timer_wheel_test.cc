#include "reactor/timer_wheel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <oklo/function.h>

namespace {

using oklo::Timer;
using oklo::TimerWheel;

// Notes when it was called.
struct Noting final : Timer {
  explicit Noting(TimerWheel& of) : wheel(of) {}
  void on_timer() override {
    calls++;
    if (armed()) FAIL("called while it stands in the wheel");
    if (then) then();
  }
  TimerWheel& wheel;
  int calls = 0;
  oklo::Function<void()> then;
};

constexpr uint64_t kLevel2 = 64 * 64;
constexpr uint64_t kLevel3 = 64 * 64 * 64;

// Sleeps as the wheel says until the timer has been called; the time of the call.
uint64_t follow(TimerWheel& wheel, const Noting& timer, int waits_max) {
  uint64_t now = wheel.now_ms();
  for (int waits = 0; timer.calls == 0; waits++) {
    REQUIRE(waits < waits_max);
    int timeout = wheel.timeout_ms(now);
    REQUIRE(timeout >= 0);
    now += static_cast<uint64_t>(timeout);
    wheel.advance(now);
  }
  return now;
}

}  // namespace

TEST_CASE("reactor/timer_wheel: is exact for every interval from every phase of the two lowest levels") {
  // One wheel goes on, for to make one is dearer than to use it. Each start is in the last 64^2 ticks before
  // a border of the third level, so that many intervals cross it.
  TimerWheel wheel(0);
  Noting timer(wheel);
  uint64_t wrong = 0;
  uint64_t border = 0;
  for (uint64_t phase = 0; phase < kLevel2; phase++) {
    for (uint64_t interval = 1; interval <= kLevel2 + 130; interval++) {
      border += kLevel3;
      uint64_t start = border - kLevel2 + phase;
      wheel.advance(start);
      timer.calls = 0;
      wheel.arm(timer, start + interval);
      wheel.advance(start + interval - 1);
      wrong += timer.calls != 0;
      wheel.advance(start + interval);
      wrong += timer.calls != 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("reactor/timer_wheel: is exact when it is advanced tick by tick") {
  for (uint64_t start : {uint64_t{0}, uint64_t{63}, kLevel2 - 70, kLevel3 - 5, (uint64_t{1} << 42) - 3}) {
    TimerWheel wheel(start);
    std::vector<std::unique_ptr<Noting>> timers;
    for (uint64_t interval = 0; interval < 300; interval++) {
      timers.push_back(std::make_unique<Noting>(wheel));
      wheel.arm(*timers.back(), start + interval);
    }
    uint64_t wrong = 0;
    for (uint64_t passed = 0; passed < 300; passed++) {
      wheel.advance(start + passed);
      for (uint64_t interval = 0; interval < 300; interval++)
        wrong += timers[static_cast<size_t>(interval)]->calls != (interval <= passed ? 1 : 0);
    }
    CHECK(wrong == 0);
    CHECK(wheel.timeout_ms(start + 299) == -1);
  }
}

TEST_CASE("reactor/timer_wheel: at the border of each level") {
  for (int level = 0; level < 11; level++) {
    uint64_t unit = uint64_t{1} << (6 * level);
    for (uint64_t start : {uint64_t{0}, uint64_t{1}, unit - 1, unit, unit + 1}) {
      for (uint64_t distance : {unit - 1, unit, unit + 1, 14 * unit, 14 * unit + 1}) {
        if (distance == 0) continue;
        TimerWheel wheel(start);
        Noting timer(wheel);
        wheel.arm(timer, start + distance);
        wheel.advance(start + distance - 1);
        CHECK(timer.calls == 0);
        wheel.advance(start + distance);
        CHECK(timer.calls == 1);
      }
    }
  }
}

TEST_CASE("reactor/timer_wheel: as far as time goes") {
  TimerWheel wheel(1000);
  Noting timer(wheel);
  wheel.arm(timer, UINT64_MAX - 1);
  CHECK(wheel.timeout_ms(1000) > 1'000'000'000);
  wheel.advance(UINT64_MAX - 2);
  CHECK(timer.calls == 0);
  CHECK(wheel.timeout_ms(UINT64_MAX - 2) == 1);
  wheel.advance(UINT64_MAX - 1);
  CHECK(timer.calls == 1);
}

TEST_CASE("reactor/timer_wheel: one long leap calls all that is due in the order of expiry") {
  constexpr uint64_t kHours = 5 * 3600 * 1000;
  TimerWheel wheel(123'456);
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Noting>> timers;
  std::vector<uint64_t> called;
  for (int i = 0; i < 2000; i++) {
    timers.push_back(std::make_unique<Noting>(wheel));
    Noting& timer = *timers.back();
    uint64_t range = i % 2 ? kHours : 5000;
    wheel.arm(timer, 123'457 + random() % range);
    timer.then = [&called, &timer] { called.push_back(timer.expiry_ms()); };
  }
  wheel.advance(123'456 + kHours);
  CHECK(called.size() == 2000);
  CHECK(std::is_sorted(called.begin(), called.end()));
}

TEST_CASE("reactor/timer_wheel: timers of one tick are called in the order in which they were armed") {
  TimerWheel wheel(10);
  std::vector<int> called;
  Noting first(wheel), second(wheel), third(wheel);
  first.then = [&] { called.push_back(1); };
  second.then = [&] { called.push_back(2); };
  third.then = [&] { called.push_back(3); };
  wheel.arm(third, 20);
  wheel.arm(first, 20);
  wheel.arm(second, 20);
  wheel.arm(third, 20);
  wheel.advance(1000);
  CHECK(called == std::vector{1, 2, 3});
}

TEST_CASE("reactor/timer_wheel: a time that has passed is due in the next advance, even without a move") {
  TimerWheel wheel(500);
  Noting past(wheel), now(wheel);
  wheel.arm(past, 3);
  wheel.arm(now, 500);
  CHECK(wheel.timeout_ms(500) == 0);
  wheel.advance(500);
  CHECK(past.calls == 1);
  CHECK(now.calls == 1);
  wheel.arm(past, 0);
  wheel.cancel(past);
  CHECK(wheel.timeout_ms(500) == -1);
  wheel.advance(501);
  CHECK(past.calls == 1);
}

TEST_CASE("reactor/timer_wheel: time does not go back") {
  TimerWheel wheel(500);
  Noting timer(wheel);
  wheel.arm(timer, 510);
  wheel.advance(100);
  CHECK(wheel.now_ms() == 500);
  CHECK(timer.calls == 0);
  wheel.advance(510);
  CHECK(timer.calls == 1);
}

TEST_CASE("reactor/timer_wheel: what arms itself for a time that has passed waits for the next advance") {
  TimerWheel wheel(0);
  Noting timer(wheel);
  timer.then = [&] { wheel.arm(timer, timer.expiry_ms() + 1); };
  wheel.arm(timer, 5);
  wheel.advance(100);
  CHECK(timer.calls == 1);
  CHECK(wheel.timeout_ms(100) == 0);
  wheel.advance(100);
  CHECK(timer.calls == 2);
  wheel.cancel(timer);
}

TEST_CASE("reactor/timer_wheel: an interval that arms itself anew keeps its pace") {
  TimerWheel wheel(7);
  Noting timer(wheel);
  timer.then = [&] { wheel.arm(timer, wheel.now_ms() + 100); };
  wheel.arm(timer, 107);
  for (uint64_t now = 7; now <= 10'007; now++) wheel.advance(now);
  CHECK(timer.calls == 100);
  wheel.cancel(timer);
}

TEST_CASE("reactor/timer_wheel: a call may cancel, move, arm and destroy others, of the same tick too") {
  TimerWheel wheel(0);
  Noting canceller(wheel), cancelled(wheel), moved(wheel), later(wheel), fresh(wheel);
  auto destroyed = std::make_unique<Noting>(wheel);
  canceller.then = [&] {
    wheel.cancel(cancelled);
    wheel.arm(moved, 70);
    wheel.cancel(later);
    wheel.arm(fresh, 71);
    destroyed.reset();
  };
  wheel.arm(canceller, 60);
  wheel.arm(cancelled, 60);
  wheel.arm(moved, 60);
  wheel.arm(*destroyed, 60);
  wheel.arm(later, 65);
  wheel.advance(66);
  CHECK(canceller.calls == 1);
  CHECK(cancelled.calls + moved.calls + later.calls == 0);
  wheel.advance(70);
  CHECK(moved.calls == 1);
  CHECK(fresh.calls == 0);
  wheel.advance(71);
  CHECK(fresh.calls == 1);
}

TEST_CASE("reactor/timer_wheel: to arm again moves, to cancel twice does no harm") {
  TimerWheel wheel(0);
  Noting timer(wheel);
  wheel.cancel(timer);
  wheel.arm(timer, 10);
  wheel.arm(timer, 100'000);
  wheel.advance(99'999);
  CHECK(timer.calls == 0);
  CHECK(timer.armed());
  wheel.arm(timer, 100'001);
  wheel.cancel(timer);
  wheel.cancel(timer);
  CHECK(!timer.armed());
  CHECK(wheel.timeout_ms(99'999) == -1);
}

TEST_CASE("reactor/timer_wheel: timers and wheel may die in any order") {
  Noting* kept = nullptr;
  auto wheel = std::make_unique<TimerWheel>(0);
  {
    Noting gone(*wheel);
    wheel->arm(gone, 10);
    kept = new Noting(*wheel);
    wheel->arm(*kept, 1'000'000);
  }
  wheel->advance(20);
  wheel.reset();
  CHECK(!kept->armed());
  delete kept;
}

TEST_CASE("reactor/timer_wheel: the timeout is the exact distance within the lowest level") {
  for (uint64_t now = 0; now < 200; now++) {
    for (uint64_t expiry = now + 1; expiry / 64 == now / 64; expiry++) {
      TimerWheel wheel(now);
      Noting timer(wheel);
      wheel.arm(timer, expiry);
      CHECK(wheel.timeout_ms(now) == static_cast<int>(expiry - now));
      CHECK(wheel.timeout_ms(expiry + 3) == 0);
    }
  }
}

TEST_CASE("reactor/timer_wheel: whoever waits as long as it says misses nothing and seldom wakes in vain") {
  std::mt19937_64 random(11);
  for (int i = 0; i < 3000; i++) {
    uint64_t now = random() >> (random() % 40 + 20);
    uint64_t interval = random() >> (random() % 40 + 20);
    TimerWheel wheel(now);
    Noting timer(wheel);
    wheel.arm(timer, now + interval);
    uint64_t waits = interval / INT32_MAX + 12;
    if (waits < 1000) CHECK(follow(wheel, timer, static_cast<int>(waits)) == now + interval);
  }
}

TEST_CASE("reactor/timer_wheel: agrees with a naive model") {
  std::mt19937_64 random(20);
  for (int round = 0; round < 20; round++) {
    uint64_t now = random() >> (round + 10);
    TimerWheel wheel(now);
    std::vector<std::unique_ptr<Noting>> timers;
    std::vector<int> expected(50);
    for (size_t i = 0; i < expected.size(); i++) timers.push_back(std::make_unique<Noting>(wheel));
    for (int step = 0; step < 2000; step++) {
      Noting& timer = *timers[static_cast<size_t>(random() % timers.size())];
      uint64_t reach = uint64_t{1} << random() % 20;
      if (random() % 4 == 0) wheel.cancel(timer);
      else wheel.arm(timer, now + 1 + random() % reach);
      if (random() % 2) continue;
      int timeout = wheel.timeout_ms(now);
      uint64_t next = UINT64_MAX;
      now += 1 + random() % (uint64_t{1} << random() % 18);
      for (size_t i = 0; i < timers.size(); i++) {
        if (!timers[i]->armed()) continue;
        next = std::min(next, timers[i]->expiry_ms());
        expected[i] += timers[i]->expiry_ms() <= now;
      }
      if (next == UINT64_MAX) REQUIRE(timeout == -1);
      else REQUIRE(static_cast<uint64_t>(timeout) <= next - wheel.now_ms());
      wheel.advance(now);
      for (size_t i = 0; i < timers.size(); i++) REQUIRE(timers[i]->calls == expected[i]);
    }
  }
}

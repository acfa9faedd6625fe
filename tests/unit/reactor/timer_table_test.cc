#include "reactor/timer_table.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <vector>

using oklo::TimerTable;
using oklo::TimerWheel;

TEST_CASE("reactor/timer_table: calls once, at the time, and knows the number no more") {
  TimerWheel wheel(1000);
  TimerTable timers(wheel);
  int calls = 0;
  uint64_t number = timers.add_once(1010, [&] { calls++; });
  CHECK(number != 0);
  wheel.advance(1009);
  CHECK(calls == 0);
  wheel.advance(1010);
  CHECK(calls == 1);
  CHECK(timers.size() == 0);
  timers.cancel(number);
  wheel.advance(2000);
  CHECK(calls == 1);
}

TEST_CASE("reactor/timer_table: a periodic timer does not drift, however late the wheel comes") {
  TimerWheel wheel(5);
  TimerTable timers(wheel);
  std::vector<uint64_t> called_at;
  timers.add_periodic(5, 100, [&] { called_at.push_back(wheel.now_ms()); });
  for (uint64_t turn : {104, 105, 207, 304, 399, 405, 505}) wheel.advance(turn);
  CHECK(called_at == std::vector<uint64_t>{105, 207, 399, 405, 505});
}

TEST_CASE("reactor/timer_table: what was missed is left out, not made up for") {
  TimerWheel wheel(0);
  TimerTable timers(wheel);
  int calls = 0;
  timers.add_periodic(0, 10, [&] { calls++; });
  wheel.advance(95);
  CHECK(calls == 1);
  CHECK(wheel.timeout_ms(95) == 5);
  wheel.advance(99);
  CHECK(calls == 1);
  wheel.advance(100);
  CHECK(calls == 2);
  wheel.advance(200);
  CHECK(calls == 3);
  CHECK(wheel.timeout_ms(200) == 10);
}

TEST_CASE("reactor/timer_table: a timer may cancel itself, another one, and add more from its call") {
  TimerWheel wheel(0);
  TimerTable timers(wheel);
  int own = 0, other = 0, added = 0;
  uint64_t other_number = 0;
  uint64_t own_number = timers.add_periodic(0, 10, [&] {
    own++;
    timers.cancel(own_number);
    timers.cancel(own_number);
    timers.cancel(other_number);
    timers.add_once(20, [&] { added++; });
  });
  other_number = timers.add_periodic(0, 10, [&] { other++; });
  wheel.advance(10);
  CHECK(timers.size() == 1);
  wheel.advance(50);
  CHECK(own == 1);
  CHECK(other == 0);
  CHECK(added == 1);
  CHECK(timers.size() == 0);
}

TEST_CASE("reactor/timer_table: a call keeps what it captured although it cancels itself") {
  TimerWheel wheel(0);
  TimerTable timers(wheel);
  std::vector<int> seen;
  uint64_t number = 0;
  number = timers.add_periodic(0, 1, [&, big = std::vector<int>(100, 7)] {
    timers.cancel(number);
    for (int i = 0; i < 64; i++) timers.add_once(1000, [] {});
    seen = big;
  });
  wheel.advance(1);
  CHECK(seen == std::vector<int>(100, 7));
}

TEST_CASE("reactor/timer_table: a stale number does not reach the timer in its place") {
  TimerWheel wheel(0);
  TimerTable timers(wheel);
  int calls = 0;
  uint64_t stale = timers.add_once(10, [] {});
  timers.cancel(stale);
  uint64_t fresh = timers.add_once(10, [&] { calls++; });
  CHECK(static_cast<uint32_t>(fresh) == static_cast<uint32_t>(stale));
  CHECK(fresh != stale);
  timers.cancel(stale);
  timers.cancel(0);
  timers.cancel(UINT64_MAX);
  wheel.advance(10);
  CHECK(calls == 1);
}

TEST_CASE("reactor/timer_table: of thousands of timers each is called when it is due, the cancelled never") {
  constexpr size_t kCount = 20'000;
  TimerWheel wheel(0);
  TimerTable timers(wheel);
  std::minstd_rand random(7);
  std::vector<uint64_t> numbers, due, called(kCount, 0);
  for (size_t i = 0; i < kCount; i++) {
    due.push_back(1 + random() % 50'000);
    numbers.push_back(timers.add_once(due[i], [&called, &wheel, i] { called[i] = wheel.now_ms(); }));
  }
  for (size_t i = 0; i < kCount; i += 3) timers.cancel(numbers[i]);
  for (uint64_t now = 0; now <= 50'000; now += 10) wheel.advance(now);
  bool right = true;
  for (size_t i = 0; i < kCount; i++) right &= called[i] == (i % 3 == 0 ? 0 : (due[i] + 9) / 10 * 10);
  CHECK(right);
  CHECK(timers.size() == 0);
}

TEST_CASE("reactor/timer_table: what is still armed when it dies is not called and frees its captures") {
  TimerWheel wheel(0);
  int calls = 0;
  {
    TimerTable timers(wheel);
    timers.add_periodic(0, 5, [&, big = std::vector<int>(1000, 1)] { calls += big[0]; });
  }
  wheel.advance(100);
  CHECK(calls == 0);
}

#include "bench/schedule.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

using oklo::bench::Schedule;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

std::vector<uint64_t> next(Schedule& schedule, size_t count) {
  std::vector<uint64_t> dues;
  for (; count > 0; count--, schedule.pop()) dues.push_back(schedule.next_ns());
  return dues;
}

}  // namespace

TEST_CASE("bench/schedule: requests are due at a steady rate from the start on") {
  Schedule schedule(4, 100, 0, 1);
  CHECK(next(schedule, 6) == std::vector<uint64_t>{100, kSecond / 4 + 100, kSecond / 2 + 100,
                                                   kSecond * 3 / 4 + 100, kSecond + 100,
                                                   kSecond * 5 / 4 + 100});
}

TEST_CASE("bench/schedule: in a second there are as many as the rate says, however it divides") {
  for (uint64_t rate : {uint64_t{1}, uint64_t{3}, uint64_t{7}, uint64_t{999}, uint64_t{10'000'000}}) {
    Schedule schedule(rate, 0, 0, 1);
    uint64_t last = 0;
    for (uint64_t i = 0; i < rate; i++, schedule.pop()) last = schedule.next_ns();
    CHECK(last < kSecond);
    CHECK(schedule.next_ns() == kSecond);
  }
}

TEST_CASE("bench/schedule: threads share the requests, each due once") {
  Schedule whole(10, 0, 0, 1);
  Schedule parts[] = {{10, 0, 0, 3}, {10, 0, 1, 3}, {10, 0, 2, 3}};
  for (size_t i = 0; i < 30; i++) CHECK(next(whole, 1) == next(parts[i % 3], 1));
}

TEST_CASE("bench/schedule: what must be sent again stays due when it was") {
  Schedule schedule(1, 0, 0, 1);
  next(schedule, 3);
  schedule.put_back(kSecond);
  schedule.put_back(2 * kSecond);
  CHECK(next(schedule, 4) == std::vector<uint64_t>{kSecond, 2 * kSecond, 3 * kSecond, 4 * kSecond});
}

TEST_CASE("bench/schedule: a week at the highest rate does not overflow") {
  constexpr uint64_t kRate = 10'000'000;
  Schedule schedule(kRate, 0, 0, 4'000'000'000);
  next(schedule, 1500);
  CHECK(schedule.next_ns() == 1500 * (4'000'000'000 / kRate) * kSecond);
}

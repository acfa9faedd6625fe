#include "bench/tally.h"

#include <doctest/doctest.h>

using namespace oklo::bench;

TEST_CASE("bench/tally: threads are added up") {
  Tally one, other;
  one.count_answer(1000, 5);
  one.count_answer(2000, 6);
  one.count(Fault::reset);
  one.count_value("b");
  one.served = 1;
  other.count_answer(5000, 5);
  other.count(Fault::reset);
  other.count(Fault::closed);
  other.count_value("b");
  other.count_value("a");
  other.served = 2;
  CHECK(one.answers() == 2);
  CHECK(other.errors() == 2);
  Outcome outcome;
  one.add_to(outcome);
  other.add_to(outcome);
  CHECK(outcome.answers == 3);
  CHECK(outcome.latency_us.count() == 3);
  CHECK(outcome.other_length == 1);
  CHECK(outcome.served == 3);
  CHECK(outcome.count(Fault::reset) == 2);
  CHECK(outcome.errors() == 3);
  CHECK(outcome.tally == std::vector<std::pair<std::string, uint64_t>>{{"a", 1}, {"b", 2}});
}

TEST_CASE("bench/tally: beyond a thousand values all others are counted together") {
  Tally tally;
  for (int i = 0; i < 2000; i++) tally.count_value(std::to_string(i));
  Outcome outcome;
  tally.add_to(outcome);
  CHECK(outcome.tally.size() == 1025);
  CHECK(outcome.tally.front() == std::pair<std::string, uint64_t>{"(others)", 976});
}

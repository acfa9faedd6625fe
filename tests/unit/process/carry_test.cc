#include "process/carry.h"

#include <doctest/doctest.h>

#include "process/status.h"

using oklo::carry;
using oklo::carry_service;
using oklo::Keeper;
using oklo::LifeRow;
using oklo::MasterOptions;
using oklo::SharedState;

namespace {

SharedState state(uint32_t workers, uint32_t number = 0) {
  auto made = SharedState::create(MasterOptions(), workers, 0, {}, number);
  REQUIRE(made.ok());
  return std::move(*made);
}

LifeRow& begin(const SharedState& of) {
  return of.scoreboard.life(static_cast<uint32_t>(of.scoreboard.begin_life(0, 1, 0)));
}

uint64_t requests(const SharedState& of) { return total(of.scoreboard, &LifeRow::requests); }

}  // namespace

TEST_CASE("process/carry: what was counted before is in the totals, also what is counted later") {
  SharedState old = state(2), next = state(1, 1);
  LifeRow& gone = begin(old);
  gone.requests.add(5);
  gone.closed[1].add(2);
  gone.answer_us.add(100);
  old.scoreboard.end_life(0);
  LifeRow& leaves = begin(old);
  leaves.requests.add(3);
  begin(next).requests.add(10);
  carry(old, next);
  CHECK(requests(next) == 18);
  CHECK(oklo::total_closed(next.scoreboard, 1) == 2);
  CHECK(oklo::total_latency(next.scoreboard).count() == 1);
  leaves.requests.add(4);
  CHECK(requests(next) == 18);
  carry(old, next);
  carry(old, next);
  CHECK(requests(next) == 22);
}

TEST_CASE("process/carry: a total never falls") {
  SharedState old = state(1), next = state(1, 1);
  begin(old).requests.add(7);
  carry(old, next);
  carry(state(1), next);
  CHECK(requests(next) == 7);
}

TEST_CASE("process/carry: one follows the other, over many") {
  SharedState first = state(1), second = state(1, 1), third = state(1, 2);
  begin(first).requests.add(1);
  begin(second).requests.add(2);
  begin(third).requests.add(4);
  carry(first, second);
  carry(second, third);
  CHECK(requests(third) == 7);
}

TEST_CASE("process/carry: the numbers of the service, and the restarts of its slots") {
  SharedState old = state(3), next = state(2, 1);
  old.scoreboard.service().reloads = 4;
  old.scoreboard.service().generations_ended = 2;
  old.scoreboard.service().started_ms.set(77);
  for (uint32_t slot = 0; slot < 3; slot++) old.scoreboard.slot(slot).restarts = slot + 1;
  carry_service(old, next);
  CHECK(next.scoreboard.service().reloads == 4);
  CHECK(next.scoreboard.service().generations_ended == 2);
  CHECK(next.scoreboard.service().started_ms.value() == 77);
  CHECK(next.scoreboard.slot(0).restarts == 1 + 3);
  CHECK(next.scoreboard.slot(1).restarts == 2);
}

TEST_CASE("process/carry: a connection has another id than all before it") {
  SharedState old = state(1), next = state(1, 1);
  for (const SharedState* of : {&old, &next}) CHECK(of->connections.take_chunk(0) == 0);
  CHECK(old.connections.row(0).generation == 0);
  CHECK(next.connections.row(0).generation > 1000);
  CHECK(next.connections.row(0).generation % 2 == 0);
}

#include "shm/scoreboard.h"

#include <doctest/doctest.h>

#include <cstring>
#include <set>
#include <string>

#include "child.h"

using oklo::CloseReason;
using oklo::Keeper;
using oklo::LifeRow;
using oklo::LifeState;
using oklo::Scoreboard;

TEST_CASE("shm/scoreboard: lives begin with a row of zeros and end by being counted among the gone") {
  Scoreboard board = Scoreboard::create(2, 1).value();
  int64_t index = board.begin_life(3, 8, 1234);
  REQUIRE(index == 0);
  LifeRow& row = board.life(0);
  CHECK(row.slot == 3);
  CHECK(row.generation == 8);
  CHECK(row.started_ms.value() == 1234);
  CHECK(row.state == LifeState::starting);
  for (int times = 1; times <= 2; times++) {
    row.accepted.add(1);
    row.requests.add(20);
    row.bytes_in.add(300);
    row.bytes_out.add(uint64_t{1} << 40);
    row.log_lines_dropped.add(5);
    row.accept_pauses.add(6);
    row.answer_us.add(100, 8);
    row.connections = 9;
    row.closed[static_cast<size_t>(CloseReason::aborted)].add(7);
    board.end_life(0);
    const LifeRow& gone = board.gone();
    uint64_t n = static_cast<uint64_t>(times);
    CHECK(gone.accepted.value() == n);
    CHECK(gone.requests.value() == 20 * n);
    CHECK(gone.bytes_in.value() == 300 * n);
    CHECK(gone.bytes_out.value() == n << 40);
    CHECK(gone.log_lines_dropped.value() == 5 * n);
    CHECK(gone.accept_pauses.value() == 6 * n);
    CHECK(gone.closed[static_cast<size_t>(CloseReason::aborted)].value() == 7 * n);
    CHECK(gone.closed[0].value() == 0);
    CHECK(gone.answer_us.count() == 8 * n);
    CHECK(gone.answer_us.sum() == 800 * n);
    REQUIRE(board.begin_life(3, 9, 5) == 0);
    CHECK(row.requests.value() + row.accepted.value() + row.closed[13].value() + row.connections +
              row.answer_us.count() ==
          0);
  }
}

TEST_CASE("shm/scoreboard: as many lives as rows, and a row is free again when its life has ended") {
  Scoreboard board = Scoreboard::create(3, 1).value();
  CHECK(board.size() == 3);
  for (int64_t i = 0; i < 3; i++) CHECK(board.begin_life(0, 1, 0) == i);
  CHECK(board.begin_life(0, 1, 0) == -1);
  board.end_life(1);
  CHECK(board.life(1).state == LifeState::none);
  CHECK(board.begin_life(0, 2, 0) == 1);
}

TEST_CASE("shm/scoreboard: slots and the service have memory of their own, which all processes share") {
  Scoreboard board = Scoreboard::create(2, 5).value();
  CHECK(board.slots() == 5);
  int ended = in_child([&] {
    board.life(1).requests.add(11);
    board.slot(4).restarts = 12;
    board.service().started_ms.set(13);
    memset(board.service().addresses, 'a', sizeof board.service().addresses);
    return 0;
  });
  REQUIRE(ended == 0);
  CHECK(board.life(1).requests.value() == 11);
  CHECK(board.slot(4).restarts == 12);
  CHECK(board.service().started_ms.value() == 13);
  CHECK(board.life(0).requests.value() == 0);
  CHECK(board.slot(0).restarts == 0);
  CHECK(board.gone().requests.value() == 0);
}

TEST_CASE("shm/scoreboard: each reason to close has a name of its own") {
  std::set<std::string> names;
  for (int i = 0; i < static_cast<int>(CloseReason::count); i++)
    names.emplace(oklo::close_reason_name(static_cast<CloseReason>(i)));
  CHECK(names.size() == static_cast<size_t>(CloseReason::count));
  CHECK(oklo::close_reason_name(CloseReason::peer_closed) == "peer_closed");
  CHECK(oklo::close_reason_name(CloseReason::header_timeout) == "header_timeout");
  CHECK(oklo::close_reason_name(CloseReason::handler_failed) == "handler_failed");
  CHECK(oklo::close_reason_name(CloseReason::aborted) == "aborted");
}

TEST_CASE("shm/scoreboard: each keeper has rows and a sum of its own") {
  Scoreboard board = Scoreboard::create(5, 2, 2).value();
  CHECK(board.gate_lives() == 2);
  CHECK(board.begin_life(0, 1, 0) == 2);
  CHECK(board.begin_life(1, 1, 0, Keeper::gate) == 0);
  CHECK(board.begin_life(1, 1, 0, Keeper::gate) == 1);
  CHECK(board.begin_life(1, 1, 0, Keeper::gate) == -1);
  CHECK(board.begin_life(0, 1, 0) == 3);
  CHECK(board.begin_life(0, 1, 0) == 4);
  CHECK(board.begin_life(0, 1, 0) == -1);
  board.life(0).requests.add(5);
  board.life(3).requests.add(7);
  board.life(4).requests.add(11);
  board.end_life(0, Keeper::gate);
  board.end_life(3);
  board.end_life(4, Keeper::gate);
  CHECK(board.gone(Keeper::gate).requests.value() == 16);
  CHECK(board.gone(Keeper::workers).requests.value() == 7);
  CHECK(board.begin_life(0, 1, 0, Keeper::gate) == 0);
  CHECK(board.begin_life(0, 1, 0) == 3);
}

TEST_CASE("shm/scoreboard: a row that is used again has another serial: its lives can be told apart") {
  Scoreboard board = Scoreboard::create(1, 1).value();
  board.begin_life(0, 1, 0);
  uint32_t before = board.life(0).serial;
  board.end_life(0);
  CHECK(board.life(0).serial == before);
  board.begin_life(0, 1, 0);
  CHECK(board.life(0).serial != before);
}

#include "process/shared_state.h"

#include <doctest/doctest.h>

#include <string>

using oklo::MasterOptions;
using oklo::Role;
using oklo::SharedState;

namespace {

MasterOptions with_processes() {
  MasterOptions options;
  options.connections_max = 1000;
  options.processes.push_back({"ticker"});
  options.processes.push_back({"task worker 1", oklo::ProcessRestart::always, 1});
  return options;
}

}  // namespace

TEST_CASE("process/shared_state: in base mode the slots are the workers' and the processes'") {
  auto state = SharedState::create(with_processes(), 2, 0, {});
  REQUIRE(state.ok());
  CHECK(state->scoreboard.slots() == 4);
  CHECK(state->scoreboard.gate_lives() == 0);
  CHECK(state->scoreboard.slot(1).role == Role::worker);
  CHECK(state->scoreboard.slot(2).role == Role::process);
  CHECK(state->scoreboard.slot(3).role == Role::task_worker);
  CHECK(state->scoreboard.slot(3).task_worker == 1);
  CHECK_FALSE(state->wires);
  CHECK_FALSE(state->broadcast);
}

TEST_CASE("process/shared_state: in process mode the threads and the manager have theirs behind") {
  auto state = SharedState::create(with_processes(), 2, 3, {});
  REQUIRE(state.ok());
  const oklo::Scoreboard& board = state->scoreboard;
  CHECK(board.slots() == 8);
  CHECK(board.gate_lives() == 2 * (3 + 1));
  CHECK(std::string(board.slot(2).name) == "ticker");
  for (uint32_t thread = 0; thread < 3; thread++) {
    CHECK(board.slot(4 + thread).role == Role::gate_thread);
    CHECK(std::string(board.slot(4 + thread).name) == "gate " + std::to_string(thread + 1));
  }
  CHECK(board.slot(7).role == Role::manager);
  CHECK(std::string(board.slot(7).name) == "manager");
  REQUIRE(state->wires);
  CHECK(state->wires->threads() == 3);
  CHECK(state->wires->slots() == 2);
  REQUIRE(state->broadcast);
  CHECK(state->broadcast->lives() == board.size() + 2);
}

#include "process/status.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "process/status_json.h"
#include "process/status_table.h"
#include "process/three_tasks.h"
#include "sys/time.h"

using oklo::LifeState;
using oklo::Scoreboard;

namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

// Two slots; pid 0 is no process, so nothing comes from /proc.
Scoreboard board() {
  Scoreboard board = Scoreboard::create(8, 2).value();
  std::memcpy(board.service().addresses, "127.0.0.1:80\0unix:/a\"b\n", 24);
  board.service().generation = 3;
  board.begin_life(0, 3, 0);
  board.begin_life(1, 3, 0);
  for (uint32_t i = 0; i < 2; i++) board.life(i).state = LifeState::ready;
  board.life(0).requests.set(5);
  board.life(1).requests.set(7);
  board.life(1).connections = 2;
  return board;
}

}  // namespace

TEST_CASE("process/status: JSON has the service and a row a worker") {
  std::string json = status_json(board(), "1.2.3");
  CHECK(json.starts_with("{\"version\":\"1.2.3\",\"pid\":0,"));
  CHECK(json.ends_with("]}\n"));
  CHECK(holds(json, "\"generation\":3,"));
  CHECK(holds(json, "\"addresses\":[\"127.0.0.1:80\",\"unix:/a\\\"b\\n\"],"));
  CHECK(holds(json, "\"requests\":12,"));
  CHECK(holds(json, "\"closed\":{\"peer_closed\":0,"));
  CHECK(holds(json, "\"workers\":[{\"worker\":1,\"pid\":0,\"state\":\"ready\",\"generation\":3,"));
  CHECK(holds(json, "{\"worker\":2,\"pid\":0,\"state\":\"ready\",\"generation\":3,\"connections\":2,"
                    "\"waiting\":0,\"waiting_max\":0,\"requests\":7,"));
}

TEST_CASE("process/status: what the gone counted stays in the sums") {
  Scoreboard scoreboard = board();
  scoreboard.end_life(1);
  std::string json = status_json(scoreboard, "1");
  CHECK(holds(json, "\"requests\":12,"));
  CHECK(holds(json, "\"worker\":2,\"pid\":0,"));
}

TEST_CASE("process/status: a slot has a line also between two processes, until the service stops") {
  Scoreboard scoreboard = board();
  auto lines = [&scoreboard] { return lines_of(scoreboard, oklo::Role::worker); };
  scoreboard.life(1).state = LifeState::draining;
  REQUIRE(lines().size() == 3);
  CHECK(lines()[1].state == "starting");
  CHECK(lines()[2].state == "draining");
  scoreboard.end_life(1);
  scoreboard.slot(1).restarts = 1;
  REQUIRE(lines().size() == 2);
  CHECK(lines()[1].slot == 1);
  CHECK(lines()[1].state == "starting");
  CHECK(lines()[1].pid == 0);
  CHECK(lines()[1].restarts == 1);
  scoreboard.begin_life(1, 3, 0);
  scoreboard.life(1).pid = 5;
  REQUIRE(lines().size() == 2);
  CHECK(lines()[1].pid == 5);
  scoreboard.end_life(1);
  scoreboard.service().stopping = true;
  CHECK(lines().size() == 1);
}

TEST_CASE("process/status: the states of a worker") {
  Scoreboard scoreboard = board();
  oklo::LifeRow& life = scoreboard.life(0);
  auto state_is = [&](std::string_view state) {
    return holds(status_json(scoreboard, "1"), "\"worker\":1,\"pid\":0,\"state\":\"" + std::string(state)) &&
           holds(status_table(scoreboard, "1"), state);
  };
  life.state = LifeState::starting;
  CHECK(state_is("starting"));
  life.state = LifeState::draining;
  CHECK(state_is("draining"));
  life.state = LifeState::ready;
  life.late = true;
  CHECK(state_is("late"));
  life.full = true;
  CHECK(state_is("full"));
  life.stopped = true;
  CHECK(state_is("stopped"));
  scoreboard.end_life(0);
  scoreboard.slot(0).backoff_ms = 400;
  scoreboard.slot(0).restarts = 9;
  CHECK(state_is("back-off"));
  CHECK(holds(status_json(scoreboard, "1"), "\"restarts\":9,\"backoff_ms\":400}"));
}

TEST_CASE("process/status: the columns of the table stand under their names") {
  std::string table = status_table(board(), "1.2.3");
  CHECK(table.starts_with("oklo 1.2.3, master 0, up "));
  CHECK(holds(table, "\nlistens on 127.0.0.1:80 unix:/a"));
  size_t head = table.find("worker      pid  state");
  REQUIRE(head != table.npos);
  size_t first = table.find('\n', head) + 1;
  size_t second = table.find('\n', first) + 1;
  CHECK(table.find("ready", first) - first == table.find("state", head) - head);
  CHECK(table.find("ready", second) - second == table.find("state", head) - head);
  CHECK_FALSE(holds(table, " \n"));
}

TEST_CASE("process/status: what waits to be accepted stands at who accepts, and not at one that drains") {
  Scoreboard scoreboard = board();
  scoreboard.slot(1).accept_queue = 7;
  scoreboard.slot(1).accept_queue_max = 128;
  CHECK(holds(status_json(scoreboard, "1"), "\"connections\":2,\"waiting\":7,\"waiting_max\":128,"));
  std::string table = status_table(scoreboard, "1");
  CHECK(holds(table, "  restarts  waiting\n"));
  CHECK(table.ends_with("        0        7\n"));
  scoreboard.life(1).state = LifeState::draining;
  CHECK(holds(status_json(scoreboard, "1"), "\"state\":\"starting\",\"generation\":0,\"connections\":0,"
                                            "\"waiting\":7,"));
  CHECK(holds(status_json(scoreboard, "1"), "\"state\":\"draining\",\"generation\":3,\"connections\":2,"
                                            "\"waiting\":0,"));
  Scoreboard gated = Scoreboard::create(8, 2, 2).value();
  gated.slot(1).role = oklo::Role::gate_thread;
  gated.slot(1).accept_queue = 9;
  gated.begin_life(0, 1, 0);
  gated.begin_life(1, 1, 0, oklo::Keeper::gate);
  table = status_table(gated, "1");
  CHECK(holds(table, "memory KiB  restarts\n"));
  CHECK(holds(table, "memory KiB  restarts  waiting\n"));
  CHECK(holds(table, "        0        9\n"));
}

TEST_CASE("process/status: processes of the program's own stand apart, and make no service healthy") {
  Scoreboard scoreboard = Scoreboard::create(8, 2).value();
  std::memcpy(scoreboard.slot(1).name, "tick\"er", 8);
  scoreboard.slot(1).role = oklo::Role::process;
  uint64_t now_ms = oklo::sys::monotonic_ms();
  scoreboard.begin_life(1, 2, now_ms - 5000);
  scoreboard.life(0).state = LifeState::ready;
  std::string json = status_json(scoreboard, "1");
  CHECK(holds(json, "}],\"processes\":[{\"process\":\"tick\\\"er\",\"number\":2,\"pid\":0,"
                    "\"state\":\"ready\",\"generation\":2,\"uptime_s\":"));
  CHECK(holds(status_table(scoreboard, "1"), "\ntick\"er "));
  CHECK_FALSE(is_healthy(scoreboard));
  scoreboard.end_life(0);
  scoreboard.slot(1).over = true;
  CHECK(holds(status_json(scoreboard, "1"), "\"state\":\"over\""));
  CHECK_FALSE(holds(status_table(board(), "1"), "process"));
}

TEST_CASE("process/status: healthy as long as one worker is ready, goes on and is in time") {
  Scoreboard scoreboard = board();
  CHECK(is_healthy(scoreboard));
  scoreboard.life(0).stopped = true;
  CHECK(is_healthy(scoreboard));
  scoreboard.life(1).late = true;
  CHECK_FALSE(is_healthy(scoreboard));
  scoreboard.life(1).full = true;
  CHECK(is_healthy(scoreboard));
  scoreboard.life(1).late = false;
  scoreboard.life(1).state = LifeState::draining;
  CHECK_FALSE(is_healthy(scoreboard));
  scoreboard.life(1).state = LifeState::ready;
  CHECK(is_healthy(scoreboard));
  scoreboard.service().stopping = true;
  CHECK_FALSE(is_healthy(scoreboard));
}

TEST_CASE("process/status: task workers, and how the tasks stand") {
  Scoreboard scoreboard = board();
  std::strcpy(scoreboard.slot(1).name, "task worker 7");
  scoreboard.slot(1).task_worker = 7;
  scoreboard.slot(1).role = oklo::Role::task_worker;
  oklo::TaskTable tasks = three_tasks("sha\"");
  scoreboard.life(1).tasks_done.set(5);
  scoreboard.life(1).tasks_failed.set(6);
  std::string json = status_json(scoreboard, "1", &tasks);
  CHECK(holds(json, ",\"tasks\":{\"accepted\":3,\"queued\":1,\"running\":1,\"done\":0,\"failed\":1,"
                    "\"died\":0,\"stopped\":0,\"timed_out\":0,\"retried\":0,\"lost\":0},"
                    "\"task_workers\":[{\"task_worker\":7,\"number\":2,"));
  CHECK(holds(json, "\"done\":5,\"failed\":6,\"running\":null,\"running_ms\":0,"));
  CHECK(holds(json, "\"processes\":[],"));
  CHECK_FALSE(holds(json, "\"worker\":2"));
  scoreboard.life(1).task.set({oklo::sys::monotonic_ms(), 0, 1, 1, 2});
  json = status_json(scoreboard, "1", &tasks);
  CHECK(holds(json, "\"running\":\"sha\\\"\",\"running_ms\":"));
  CHECK(holds(json, "\"attempt\":2,"));
  std::string table = status_table(scoreboard, "1", &tasks);
  CHECK(holds(table, "\ntask worker      pid  state"));
  CHECK(holds(table, "\ntasks accepted 3, queued 1, running 1, done 0, failed 1, died 0, stopped 0, "
                     "timed_out 0, retried 0, lost 0\n"));
  CHECK_FALSE(holds(status_json(scoreboard, "1"), "\"tasks\""));
}

TEST_CASE("process/status: what the threads of a gate count, also those that are gone") {
  Scoreboard scoreboard = Scoreboard::create(8, 3, 2).value();
  std::strcpy(scoreboard.slot(1).name, "gate 1");
  scoreboard.slot(1).role = scoreboard.slot(2).role = oklo::Role::gate_thread;
  for (uint32_t i = 0; i < 2; i++) {
    scoreboard.begin_life(1 + i, 0, 0, oklo::Keeper::gate);
    scoreboard.life(i).state = LifeState::ready;
    scoreboard.life(i).dispatched_wrong.set(1);
    scoreboard.life(i).workers_heard.set(4);
    scoreboard.life(i).packets_dropped.set(2);
    scoreboard.life(i).wires_broken.set(3 + i);
    scoreboard.life(i).deliveries_lost.set(5);
    scoreboard.life(i).deliveries_repeated.set(6);
  }
  scoreboard.end_life(1, oklo::Keeper::gate);
  CHECK(holds(status_json(scoreboard, "1"),
              "\"dispatched_wrong\":2,\"packets_dropped\":4,\"wires_broken\":7,\"deliveries_lost\":10,"
              "\"deliveries_repeated\":12,"));
  CHECK(holds(status_table(scoreboard, "1"),
              "\ngate dispatched_wrong 2, packets_dropped 4, wires_broken 7, deliveries_lost 10, "
              "deliveries_repeated 12\n"));
  CHECK(holds(status_json(scoreboard, "1"),
              "\"connections\":0,\"waiting\":0,\"waiting_max\":0,\"workers\":4,"));
  CHECK_FALSE(holds(status_json(board(), "1"), "dispatched_wrong"));
  CHECK_FALSE(holds(status_table(board(), "1"), "gate"));
}

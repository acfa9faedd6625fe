#include "process/task_asker.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "process/here.h"

using oklo::TaskEnd;
using oklo::TaskOutcome;
using oklo::TaskRefusal;
using oklo::TaskState;
using oklo::TaskTable;

namespace {

constexpr uint32_t kLife = 0, kWorker = 1;

// A process that asks; the tasks are run by hand.
struct Asking {
  explicit Asking(uint32_t records = 4)
      : table(TaskTable::create({records, 100, 3, {{"one", false, 1}, {"other", true, 2}}}).value()),
        reactor(oklo::Reactor::create(256).value()),
        asker(oklo::TaskAsker::create(*reactor, table, kLife).value()) {}

  // Asks, and writes down how it ends.
  oklo::TaskStarted ask(std::string_view name, std::string_view bytes) {
    return asker->ask(name, bytes, [this](const TaskOutcome& outcome) {
      std::string line = std::to_string(static_cast<int>(outcome.state));
      line.append(" ").append(outcome.name).append(" ").append(outcome.bytes).append(outcome.reason);
      heard.push_back(line);
      ids.push_back(outcome.id);
    });
  }
  void run(TaskEnd end, std::string_view with) {
    REQUIRE(table.decide(table.take(kWorker).value(), kWorker, end, with));
  }

  TaskTable table;
  std::unique_ptr<oklo::Reactor> reactor;
  std::unique_ptr<oklo::TaskAsker> asker;
  std::vector<std::string> heard;
  std::vector<oklo::TaskId> ids;
};

}  // namespace

TEST_CASE("process/task_asker: each outcome is heard once, in the Reactor") {
  Asking one;
  oklo::TaskStarted first = one.ask("one", "a"), second = one.ask("other", "b"), third = one.ask("one", "c");
  REQUIRE(first);
  CHECK(first.id);
  CHECK_FALSE(first.id == second.id);
  one.run(TaskEnd::done, "result");
  CHECK(one.heard.empty());
  one.reactor->run_once();
  CHECK(one.heard == std::vector<std::string>{"0 one result"});
  CHECK(one.ids.back() == first.id);
  one.run(TaskEnd::failed, "reason");
  REQUIRE(one.table.take(kWorker));
  one.table.end_life(kWorker);
  one.reactor->run_once();
  REQUIRE(one.heard.size() == 3);
  CHECK(one.heard[1] == "2 one its task worker died");
  CHECK(one.heard[2] == "1 other reason");
  CHECK(one.ids[1] == third.id);
  one.table.wake();
  one.reactor->post([] {});
  one.reactor->run_once();
  CHECK(one.heard.size() == 3);
}

TEST_CASE("process/task_asker: why a task is refused") {
  Asking one(2);
  CHECK(one.ask("two", "").why == TaskRefusal::unknown_name);
  CHECK(one.ask("one", std::string(101, 'x')).why == TaskRefusal::too_large);
  CHECK(one.ask("one", std::string(100, 'x')));
  CHECK(one.ask("one", ""));
  CHECK(one.ask("one", "").why == TaskRefusal::full);
  CHECK_FALSE(one.ask("one", "").id);
  CHECK(one.table.stop() == 2);
  CHECK(one.ask("one", "").why == TaskRefusal::stopping);
  one.reactor->run_once();
  CHECK(one.heard == std::vector<std::string>{"3 one the service stopped", "3 one the service stopped"});
}

TEST_CASE("process/task_asker: it is told once when there is room after a refusal") {
  Asking one(1);
  int drains = 0;
  one.asker->on_room([&] {
    drains++;
    CHECK(one.ask("one", "again"));
    CHECK(one.ask("one", "").why == TaskRefusal::full);
  });
  CHECK(one.ask("one", ""));
  for (int round = 1; round <= 3; round++) {
    CHECK(one.ask("one", "").why == TaskRefusal::full);
    one.run(TaskEnd::done, "");
    CHECK(drains == round - 1);
    one.reactor->run_once();
    CHECK(drains == round);
  }
}

TEST_CASE("process/task_asker: who was told of room that another took is told again") {
  Asking one(1);
  auto reactor = oklo::Reactor::create(256).value();
  auto other = oklo::TaskAsker::create(*reactor, one.table, 2).value();
  int drains = 0;
  other->on_room([&] { drains++; });
  CHECK(one.ask("one", ""));
  CHECK(other->ask("one", "", {}).why == TaskRefusal::full);
  for (int round = 0; round < 3; round++) {
    one.run(TaskEnd::done, "");
    one.reactor->run_once();
    CHECK(one.ask("one", ""));
    reactor->run_once();
    CHECK(drains == 0);
  }
  one.run(TaskEnd::done, "");
  one.reactor->run_once();
  reactor->run_once();
  CHECK(drains == 1);
}

TEST_CASE("process/task_asker: who is called may ask again, and a flood is heard in several turns") {
  Asking one(200);
  int heard = 0, more = 3;
  oklo::Function<void()> ask = [&] {
    CHECK(one.asker->ask("one", "", [&](const TaskOutcome&) {
      heard++;
      if (more-- > 0) ask();
    }));
  };
  for (int i = 0; i < 150; i++) ask();
  for (int i = 0; i < 150; i++) one.run(TaskEnd::done, "");
  one.reactor->run_once();
  CHECK(heard == 64);
  one.reactor->run_once();
  one.reactor->run_once();
  CHECK(heard == 150);
  for (int i = 0; i < 3; i++) one.run(TaskEnd::done, "");
  one.reactor->run_once();
  CHECK(heard == 153);
}

TEST_CASE("process/task_asker: the public function asks where there are task workers") {
  Asking one;
  oklo::Log log(2, "test");
  oklo::Here here(*one.reactor, log, 1, 1, 1);
  CHECK(oklo::task("one", "bytes").why == TaskRefusal::no_task_workers);
  here.tasks = one.asker.get();
  CHECK(oklo::task("one", "bytes"));  // Nobody wants to hear of it.
  one.run(TaskEnd::done, "");
  one.reactor->run_once();
  CHECK(one.table.counts().ended[0] == 1);
  CHECK(one.table.has_room());
}

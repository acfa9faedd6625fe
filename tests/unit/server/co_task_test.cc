#include <oklo/co.h>

#include "co_world.h"
#include "process/task_asker.h"
#include "server/co_root.h"

#include <string>

using oklo::Co;
using oklo::TaskAnswer;
using oklo::TaskEnd;
using State = oklo::TaskAnswer::State;

namespace {

constexpr uint32_t kLife = 0, kWorker = 1;

// A process that asks for tasks; they are run by hand.
struct AskingWorld : CoWorld {
  oklo::TaskTable table = oklo::TaskTable::create({2, 100, 3, {{"one", false, 1}, {"two", true, 2}}}).value();
  std::unique_ptr<oklo::TaskAsker> asker = oklo::TaskAsker::create(*reactor, table, kLife).value();

  AskingWorld() { here.tasks = asker.get(); }
  void run(TaskEnd end, std::string_view with) {
    REQUIRE(table.decide(table.take(kWorker).value(), kWorker, end, with));
    settle();
  }
};

Co<> ask(std::string name, std::string bytes, uint64_t timeout_ms, TaskAnswer& answer) {
  answer = co_await oklo::taskwait(name, bytes, timeout_ms);
}

}  // namespace

TEST_CASE("server/co: taskwait gives what became of the task") {
  struct Row {
    TaskEnd end;
    State state;
    const char* bytes;
    const char* reason;
  };
  const Row rows[] = {{TaskEnd::done, State::done, "with", ""},
                      {TaskEnd::failed, State::failed, "", "with"},
                      {TaskEnd::died, State::died, "", "its task worker died"},
                      {TaskEnd::stopped, State::stopped, "", "the service stopped"},
                      {TaskEnd::timed_out, State::timed_out, "", "it took too long"}};
  AskingWorld world;
  for (const Row& row : rows) {
    TaskAnswer answer;
    oklo::spawn(ask("one", "bytes", 1000, answer));
    world.settle();
    CHECK(answer.state == State::late);
    world.run(row.end, "with");
    CHECK(answer.state == row.state);
    CHECK(answer.bytes == row.bytes);
    CHECK(answer.reason == row.reason);
    CHECK(answer.id);
    CHECK(bool(answer) == (row.state == State::done));
    CHECK(world.here.timers.size() == 0);
  }
}

TEST_CASE("server/co: taskwait says at once why a task was refused") {
  AskingWorld world;
  TaskAnswer unknown, large, full;
  oklo::spawn(ask("none", "", 0, unknown));
  CHECK(unknown.refusal == oklo::TaskRefusal::unknown_name);
  CHECK(unknown.reason == "no kind of tasks has that name");
  oklo::spawn(ask("one", std::string(101, 'x'), 0, large));
  CHECK(large.refusal == oklo::TaskRefusal::too_large);
  for (int i = 0; i < 2; i++) CHECK(oklo::task("one", ""));
  oklo::spawn(ask("one", "", 10, full));
  CHECK(full.refusal == oklo::TaskRefusal::full);
  CHECK(full.state == State::refused);
  CHECK(full.reason == "the queue of tasks is full");
  CHECK_FALSE(full.id);
  CHECK(world.here.timers.size() == 0);
}

TEST_CASE("server/co: taskwait gives up when its time is over, and drops what comes then") {
  AskingWorld world;
  std::string seen;
  oklo::spawn([&seen]() -> Co<> {
    TaskAnswer first = co_await oklo::taskwait("one", "a", 5);
    seen += first.state == State::late && first.bytes.empty() && !first.reason.empty() ? "late " : "? ";
    TaskAnswer second = co_await oklo::taskwait("one", "b");
    seen += second.bytes;
  });
  world.wait_until([&] { return !seen.empty(); });
  CHECK(seen == "late ");
  world.run(TaskEnd::done, "too late");
  CHECK(seen == "late ");
  world.run(TaskEnd::done, "result");
  CHECK(seen == "late result");
}

TEST_CASE("server/co: tasks are under way at the same time, and awaited in any order") {
  AskingWorld world;
  std::string seen;
  oklo::spawn([&seen]() -> Co<> {
    auto first = oklo::taskwait("one", "a");
    auto second = oklo::taskwait("two", "b");
    TaskAnswer of_second = co_await second;
    TaskAnswer of_first = co_await first;
    seen = of_first.bytes + of_second.bytes;
  });
  world.run(TaskEnd::done, "1");
  CHECK(seen.empty());
  world.run(TaskEnd::done, "2");
  CHECK(seen == "12");
}

TEST_CASE("server/co: a taskwait that is given up hears nothing") {
  AskingWorld world;
  TaskAnswer answer;
  oklo::co::RootPlace root;
  oklo::co::Root::start(ask("one", "a", 1000, answer), &root);
  REQUIRE(root);
  root.end();
  CHECK(world.here.timers.size() == 0);
  TaskAnswer other;
  oklo::spawn(ask("two", "b", 0, other));  // It may have the place of the first.
  world.run(TaskEnd::done, "first");
  CHECK(answer.state == State::late);
  CHECK(other.state == State::late);
  world.run(TaskEnd::done, "second");
  CHECK(other.bytes == "second");
}

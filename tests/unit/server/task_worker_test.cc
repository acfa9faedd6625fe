#include "server/task_worker.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "child.h"

using oklo::Task;
using oklo::TaskOutcome;
using oklo::TaskPart;
using oklo::TaskState;

namespace {

TaskPart part(std::string name, oklo::TaskHandler handler) {
  return {std::move(name), std::move(handler), {}};
}

const char* fault_of(std::string name) { return part(std::move(name), [](Task&) {}).fault(); }

// A task worker that asks itself. Its results may have 20 bytes.
struct Working {
  Working() : scoreboard(oklo::Scoreboard::create(2, 1).value()) {
    parts.push_back(part("twice", [](Task& task) {
      task.finish("first");
      task.finish("second");
      task.fail("third");
    }));
    parts.push_back(part("fails", [](Task& task) {
      task.fail(std::string(30, 'f'));
      task.finish("too late");
    }));
    parts.push_back(part("nothing", [](Task&) {}));
    parts.push_back(part("large", [](Task& task) { task.finish(std::string(21, 'x')); }));
    parts.push_back(part("echo", [](Task& task) {
      task.finish(std::string(task.name()).append(" ").append(task.bytes()).append(
          task.attempt() == 1 && task.id() ? " 1" : " ?"));
    }));
    oklo::TaskTableOptions options = {16, 20, 2, {}};
    for (TaskPart& one : parts) options.kinds.push_back({one.name, false, 1});
    table.emplace(oklo::TaskTable::create(std::move(options)).value());
    asker = oklo::TaskAsker::create(*reactor, *table, 0).value();
    context.keeper = getppid();
    context.reactor = reactor.get();
    context.row = &scoreboard.life(0);
    context.scoreboard = &scoreboard;
    context.tasks = asker.get();
    context.drained = [this] { drained++; };
    worker.emplace(context, parts, oklo::Reach::none);
  }

  void ask(std::string_view name, std::string_view bytes = {}) {
    auto hear = [this](const TaskOutcome& outcome) {
      heard = std::to_string(static_cast<int>(outcome.state)).append(" ").append(outcome.bytes);
      heard.append(outcome.reason);
    };
    if (!asker->ask(name, bytes, hear)) heard = "refused";
  }
  // Asks for one and waits for its end.
  bool hears(std::string_view name, std::string_view text, std::string_view bytes = {}) {
    heard.clear();
    ask(name, bytes);
    for (int i = 0; i < 8 && heard.empty(); i++) turn();
    return heard == text;
  }
  void turn() {
    reactor->post([] {});  // It does not wait.
    reactor->run_once();
  }

  std::vector<TaskPart> parts;
  oklo::Scoreboard scoreboard;
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(256).value();
  std::optional<oklo::TaskTable> table;
  std::unique_ptr<oklo::TaskAsker> asker;
  oklo::WorkerContext context;
  std::optional<oklo::TaskWorker> worker;
  std::string heard;
  int drained = 0;
};

int outcomes() {
  Working one;
  one.ask("echo", "waits");
  for (int i = 0; i < 4; i++) one.turn();
  if (!one.heard.empty()) return 1;  // It serves when it is told to.
  one.worker->serve(0);
  for (int i = 0; i < 4; i++) one.turn();
  if (one.heard != "0 echo waits 1") return 2;
  if (!one.hears("twice", "0 first")) return 3;
  if (!one.hears("fails", "1 " + std::string(20, 'f'))) return 4;
  if (!one.hears("nothing", "0 ")) return 5;
  if (!one.hears("large", "1 its result is too la")) return 6;
  if (!one.hears("echo", "0 echo again 1", "again")) return 7;
  if (one.context.row->tasks_done.value() != 4 || one.context.row->tasks_failed.value() != 2) return 8;
  return one.context.row->task.value().since_ms == 0 ? 0 : 9;
}

int leaving() {
  Working one;
  one.worker->serve(0);
  one.ask("echo", "1");
  one.worker->drain(oklo::DrainMode::reload, 0);
  one.worker->drain(oklo::DrainMode::stop, 0);
  for (int i = 0; i < 4; i++) one.turn();
  if (one.drained != 1 || !one.heard.empty()) return 1;
  return one.table->counts().queued == 1 ? 0 : 2;
}

}  // namespace

TEST_CASE("server/task_worker: what is wrong with a kind of tasks") {
  CHECK(fault_of("a") == nullptr);
  CHECK(fault_of(std::string(31, 'a')) == nullptr);
  for (const char* name : {"", "a b", "a\n", "\x7f", "\xc3\xa4"}) CHECK(fault_of(name) != nullptr);
  CHECK(fault_of(std::string(32, 'a')) != nullptr);
  CHECK(part("a", {}).fault() != nullptr);
  TaskPart never = part("a", [](Task&) {});
  never.options.attempts = 0;
  CHECK(never.fault() != nullptr);
}

TEST_CASE("server/task_worker: the first of finish and fail counts, and nothing is an answer") {
  CHECK(in_child(outcomes) == 0);
}

TEST_CASE("server/task_worker: one that was told to leave begins nothing") { CHECK(in_child(leaving) == 0); }

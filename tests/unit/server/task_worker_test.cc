#include "server/task_worker.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "child.h"
#include "process/here.h"

#include <oklo/co.h>
#include <oklo/worker.h>

using oklo::Task;
using oklo::TaskId;
using oklo::TaskOutcome;
using oklo::TaskPart;
using oklo::TaskState;

namespace {

TaskPart part(std::string name, oklo::TaskHandler handler) {
  return {std::move(name), std::move(handler), {}};
}

const char* fault_of(std::string name) { return part(std::move(name), [](Task&) {}).fault(); }

oklo::Co<void> wait_in_turn(Task& task) {
  std::string bytes(task.bytes());
  co_await oklo::sleep_ms(0);
  if (bytes == "finish") task.finish("finished");
  if (bytes == "fail") task.fail("no");
  co_await oklo::sleep_ms(0);
  task.finish("too late");
}

// A task worker that asks itself. Its results may have 20 bytes.
struct Working {
  Working() {
    parts.push_back(part("later", [this](Task& task) { later = task.later(); }));
    parts.push_back(part("coroutine", wait_in_turn));
    parts.push_back(part("at once", [](Task& task) -> oklo::Co<void> {
      task.finish("at once");
      co_return;
    }));
    parts.push_back(part("no answer", [](Task&) -> oklo::Co<void> { co_await oklo::sleep_ms(0); }));
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
    context.connections = &connections;
    context.tasks = asker.get();
    context.drained = [this] { drained++; };
    worker.emplace(context, parts, oklo::Reach::none, 10);
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

  // How the late task is ended; what with_task gives.
  bool ends_it(std::string_view result) {
    return oklo::with_task(later, [&](Task& task) { task.finish(result); });
  }
  bool runs() const { return context.row->task.value().since_ms != 0; }

  std::vector<TaskPart> parts;
  TaskId later;
  oklo::Scoreboard scoreboard = oklo::Scoreboard::create(2, 1).value();
  oklo::ConnectionTable connections = oklo::ConnectionTable::create(64).value();
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(256).value();
  oklo::Log log{2, "unit"};
  oklo::Here here{*reactor, log, 1, 1, 1};
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
  return one.runs() ? 9 : 0;
}

int later() {
  Working one;
  one.worker->serve(0);
  one.ask("later", "bytes");
  for (int i = 0; i < 4; i++) one.turn();
  if (!one.heard.empty() || !one.later || !one.runs()) return 1;
  one.ask("echo", "behind it");
  for (int i = 0; i < 4; i++) one.turn();
  if (!one.heard.empty()) return 2;  // Another task begins when this one has ended.
  std::string bytes;
  if (!oklo::with_task(one.later, [&](Task& task) { bytes = task.bytes(); }) || bytes != "bytes") return 3;
  if (oklo::with_task({one.later.value + 1}, [](Task& task) { task.fail("another"); })) return 4;
  if (!one.ends_it("at last") || one.ends_it("again") || one.runs()) return 5;
  one.turn();
  if (one.heard != "0 at last") return 6;
  for (int i = 0; i < 4; i++) one.turn();
  if (one.heard != "0 echo behind it 1" || one.ends_it("again")) return 7;
  return one.context.row->tasks_done.value() == 2 ? 0 : 8;
}

int coroutines() {
  Working one;
  one.worker->serve(0);
  if (!one.hears("coroutine", "0 finished", "finish")) return 1;
  if (!one.hears("coroutine", "1 no", "fail")) return 2;
  if (!one.hears("coroutine", "0 too late")) return 3;
  if (!one.hears("at once", "0 at once")) return 4;
  if (!one.hears("no answer", "0 ")) return 5;
  for (int i = 0; i < 4; i++) one.turn();
  return one.runs() ? 6 : 0;
}

int leaving_with_a_late_one() {
  Working one;
  one.worker->serve(0);
  one.ask("later");
  for (int i = 0; i < 4; i++) one.turn();
  one.worker->drain(oklo::DrainMode::reload, 0);
  one.turn();
  if (one.drained) return 1;
  if (!one.ends_it("before it leaves")) return 2;
  one.turn();
  return one.drained == 1 && one.heard == "0 before it leaves" ? 0 : 3;
}

int leaving_in_time() {
  Working one;
  one.worker->serve(0);
  one.ask("later");
  for (int i = 0; i < 4; i++) one.turn();
  one.worker->drain(oklo::DrainMode::stop, one.reactor->clock().now_ms + 1);
  while (!one.drained) one.reactor->run_once();
  return one.drained == 1 && one.heard.empty() ? 0 : 1;
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

TEST_CASE("server/task_worker: a task may end later, and is the only one until then") {
  CHECK(in_child(later) == 0);
}

TEST_CASE("server/task_worker: a handler may be a coroutine") { CHECK(in_child(coroutines) == 0); }

TEST_CASE("server/task_worker: one that leaves waits for its late task, but no longer than it may") {
  CHECK(in_child(leaving_with_a_late_one) == 0);
  CHECK(in_child(leaving_in_time) == 0);
}

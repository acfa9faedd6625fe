#include "process/process_tree.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>

#include "emulated.h"
#include "process/tree_world.h"

TEST_CASE("process/process_tree: comes up, the workers answer, tells of itself, and stops") {
  Tree tree;
  tree.up();
  CHECK(tree.is_whole());
  CHECK(tree.service.command("health").ok);
  std::set<int> pids = tree.answers();
  CHECK(pids == std::set<int>{tree.service.worker(1), tree.service.worker(2), tree.service.worker(3)});
  CHECK(tree.service.ask('G') == tree.gate());
  CHECK(tree.service.shared().wires.gate_threads == 2);
  std::string table = tree.service.command("status").text;
  CHECK(holds(table, "gate 1 "));
  CHECK(holds(table, "gate 2 "));
  CHECK(holds(table, "manager "));
  CHECK(holds(table, "generation 1,"));
  CHECK(tree.service.command("stop").ok);
  CHECK(tree.service.wait() == 0);
  CHECK(tree.service.all_gone());
}

TEST_CASE("process/process_tree: a dead worker is replaced, the gate hears of it, no connection is lost") {
  Tree tree;
  tree.up();
  oklo::sys::Fd open = connect(tree);
  int worker = tree.service.worker(2), gate = tree.gate(), manager = tree.manager();
  unsigned bells = tree.service.shared().wires.gate_bells;
  kill(worker, SIGKILL);
  for (int i = 0; i < 10; i++) CHECK(talk(open) != 0);
  Service::until([&] { return tree.service.shared().wires.gate_bells > bells; });
  tree.wait_until_whole();
  CHECK(tree.service.worker(2) != worker);
  CHECK(tree.gate() == gate);
  CHECK(tree.manager() == manager);
  CHECK(tree.service.shared().worker_errors == 1);
  CHECK(tree.service.shared().wires.two_readers == 0);
}

TEST_CASE("process/process_tree: a dead manager is replaced, with new workers, no connection is lost") {
  if (emulated()) return;
  Tree tree;
  tree.up();
  oklo::sys::Fd open = connect(tree);
  std::set<int> before = tree.answers();
  int gate = tree.gate(), manager = tree.manager();
  kill(manager, SIGKILL);
  for (int i = 0; i < 10; i++) CHECK(talk(open) != 0);
  Service::until([&] { return tree.manager() != manager && tree.is_whole(); });
  CHECK(tree.gate() == gate);
  for (int pid : tree.answers()) CHECK(before.count(pid) == 0);
  CHECK(tree.service.status_has("\"generation\":2,\"reloads\":0,"));
  CHECK(holds(tree.service.log(), "was killed by signal 9; starting another"));
  CHECK(tree.service.shared().wires.two_readers == 0);
  CHECK(tree.service.command("reload").text == "generation 3 is ready\n");
}

TEST_CASE("process/process_tree: a worker that dies again and again is back soon, as its wires wait") {
  Tree tree;
  tree.up();
  for (int i = 0; i < 8; i++) {
    int pid = tree.service.pid_behind("\"worker\":1,\"pid\":");
    kill(pid, SIGKILL);
    Service::until([&] {
      int next = tree.service.pid_behind("\"worker\":1,\"pid\":");
      return next > 0 && next != pid && tree.is_whole();
    });
  }
  CHECK(holds(tree.service.log(), "the next one starts in 100 ms"));
  CHECK_FALSE(holds(tree.service.log(), "the next one starts in 200 ms"));
}

TEST_CASE("process/process_tree: a new worker does not read before one of a dead manager has ended to") {
  if (emulated()) return;
  Tree tree;
  tree.up();
  std::set<int> before = tree.answers();
  tree.service.shared().wires.keeps_wires = true;
  int manager = tree.manager();
  kill(manager, SIGKILL);
  Service::until([&] { return tree.manager() != manager && tree.manager() != 0; });
  Service::until([&] { return tree.service.status_has("\"generation\":2,\"reloads\""); });
  for (int i = 0; i < 10; i++) CHECK(before.count(tree.service.ask()) == 1);
  tree.service.shared().wires.keeps_wires = false;
  Service::until([&] { return before.count(tree.service.ask()) == 0; });
  CHECK(tree.service.shared().wires.two_readers == 0);
}

TEST_CASE("process/process_tree: a worker that leaves reads its wires until its successor may") {
  Tree tree;
  tree.up();
  std::set<int> before = tree.answers();
  tree.service.shared().wires.keeps_wires = true;
  CHECK(tree.service.command("reload").ok);
  for (int i = 0; i < 10; i++) CHECK(before.count(tree.service.ask()) == 1);
  tree.service.shared().wires.keeps_wires = false;
  Service::until([&] { return before.count(tree.service.ask()) == 0; });
  CHECK(tree.service.shared().wires.two_readers == 0);
}

TEST_CASE("process/process_tree: a worker that does not let go of its wires is killed in time") {
  oklo::MasterOptions options = process_mode();
  options.shutdown_timeout_ms = 20;
  Tree tree(options);
  tree.up();
  std::set<int> before = tree.answers();
  tree.service.shared().wires.keeps_wires = true;
  CHECK(tree.service.command("reload").ok);
  Service::until([&] { return before.count(tree.service.ask()) == 0; });
  CHECK(holds(tree.service.log(), "did not let go of its wires in time"));
  tree.wait_until_whole();
  CHECK(tree.service.shared().wires.two_readers == 0);
}

TEST_CASE("process/process_tree: whatever is killed, in whatever order, it comes back") {
  if (emulated()) return;
  Tree tree;
  tree.up();
  std::mt19937 random(7);
  for (int i = 0; i < 15; i++) {
    unsigned what = static_cast<unsigned>(random() % 5);
    int pid = what == 0 ? tree.gate() : what == 1 ? tree.manager() : tree.service.worker(what - 1);
    if (pid) kill(pid, SIGKILL);
    if (random() % 2) Service::until([&] { return tree.service.ask() != 0; });
  }
  tree.wait_until_whole();
  CHECK(tree.answers().size() == 3);
  CHECK(tree.service.command("health").ok);
  CHECK(tree.service.shared().wires.two_readers == 0);
  CHECK(tree.service.command("stop").ok);
  CHECK(tree.service.wait() == 0);
  CHECK(tree.service.all_gone());
}

TEST_CASE("process/process_tree: twenty reloads in a row replace the workers alone") {
  Tree tree;
  tree.up();
  oklo::sys::Fd open = connect(tree);
  int gate = tree.gate(), manager = tree.manager();
  for (unsigned i = 2; i <= 21; i++) {
    CHECK(tree.service.command("reload").text == "generation " + std::to_string(i) + " is ready\n");
    CHECK(talk(open) != 0);
  }
  tree.wait_until_whole();
  CHECK(tree.gate() == gate);
  CHECK(tree.manager() == manager);
  CHECK(tree.service.shared().reloads == 20);
  CHECK(tree.service.status_has("\"reloads\":20,\"reloads_failed\":0"));
  CHECK(tree.service.shared().wires.two_readers == 0);
}

TEST_CASE("process/process_tree: a reload that is asked for before the service is up follows its start") {
  Tree tree;
  tree.service.start();
  Service::until([&] { return tree.service.status_has("\"manager\""); });
  tree.service.signal(SIGHUP);
  Service::until([&] { return tree.service.status_has("\"generation\":2,\"reloads\":1,"); });
  tree.wait_until_whole();
}

TEST_CASE("process/process_tree: a reload that fails leaves the old workers alone and tells why") {
  if (emulated()) return;
  Tree tree;
  tree.up();
  int before = tree.service.worker(1);
  tree.service.shared().fails_to_start = true;
  oklo::ControlAnswer answer = tree.service.command("reload");
  CHECK_FALSE(answer.ok);
  CHECK(holds(answer.text, "the test wants it so"));
  tree.service.shared().fails_to_start = false;
  tree.service.shared().fails_to_prepare = true;
  CHECK(tree.service.command("reload").text == "there is no such test\n");
  CHECK(tree.service.worker(1) == before);
  CHECK(tree.service.ask() != 0);
  int manager = tree.manager();
  kill(manager, SIGKILL);
  Service::until([&] { return tree.manager() != manager && tree.is_whole(); });
  CHECK(holds(tree.service.log(), "there is no such test; what was open when the service started is served"));
}

TEST_CASE("process/process_tree: a worker of a dead manager that hangs is killed when its time is over") {
  if (emulated()) return;
  oklo::MasterOptions options = process_mode();
  options.shutdown_timeout_ms = 20;
  Tree tree(options);
  tree.up();
  int hangs = tree.service.worker(1), manager = tree.manager();
  kill(hangs, SIGSTOP);
  kill(manager, SIGKILL);
  Service::until([&] { return kill(hangs, 0) != 0; });
  CHECK(holds(tree.service.log(), ", whose manager is gone, did not leave in time, it is killed"));
  tree.wait_until_whole();
  CHECK(tree.answers().size() == 3);
}

TEST_CASE("process/process_tree: works as process 1, where the orphans of all are its own") {
  if (emulated() || getuid() != 0) return;
  Tree tree;
  tree.service.in_namespace();
  tree.up();
  CHECK(tree.service.status_has("\"pid\":1,"));
  oklo::sys::Fd open = connect(tree);
  CHECK(talk(open, 'k') != 0);
  Service::until([&] { return tree.service.status_has("\"generation\":2,\"reloads\"") && tree.is_whole(); });
  CHECK(talk(open) != 0);
  open.reset();
  CHECK(tree.service.command("stop").ok);
  CHECK(tree.service.wait() == 0);
  CHECK(tree.service.all_gone());
}

TEST_CASE("process/process_tree: processes of the program's own follow the manager") {
  if (emulated()) return;
  oklo::MasterOptions options = process_mode();
  options.processes.push_back({"ticker"});
  Tree tree(options);
  tree.up();
  Service::until([&] { return tree.service.shared().begun == 1; });
  int before = tree.service.process("ticker", 4);
  CHECK(before != 0);
  kill(tree.manager(), SIGKILL);
  Service::until([&] { return tree.service.shared().begun == 2 && tree.service.shared().ended == 1; });
  Service::until([&] {
    int now = tree.service.process("ticker", 4);
    return now != 0 && now != before;
  });
}

namespace {

oklo::MasterOptions watched(bool replaces) {
  oklo::MasterOptions options = process_mode();
  options.policy.watchdog_ms = 100;
  options.policy.watchdog_replaces = replaces;
  return options;
}

}  // namespace

TEST_CASE("process/process_tree: a thread of the gate that is stuck is late, and told of with its stack") {
  if (emulated() || !kSignalsArePrompt) return;
  Tree tree(watched(false));
  tree.up();
  int gate = tree.gate();
  tree.service.shared().wires.hangs = true;
  oklo::sys::Fd client = tree.service.connect('H');
  std::string of_gate = "[" + std::to_string(gate) + "]: its stack, of the program at 0x";
  Service::until([&] { return holds(tree.service.log(), of_gate); });
  CHECK(holds(tree.service.log(), " (pid " + std::to_string(gate) + ") is stuck in one turn for "));
  CHECK(tree.service.status_has("\"state\":\"late\""));
  tree.service.shared().wires.hangs = false;
  int pid = 0;
  CHECK(read(client.get(), &pid, sizeof pid) == sizeof pid);
  CHECK(pid == gate);
  tree.wait_until_whole();
  CHECK(tree.gate() == gate);
}

TEST_CASE("process/process_tree: a gate with a thread that is stuck is replaced where that is wanted") {
  if (emulated()) return;
  Tree tree(watched(true));
  tree.up();
  std::set<int> before = tree.answers();
  int gate = tree.gate();
  tree.service.shared().wires.hangs = true;
  oklo::sys::Fd client = tree.service.connect('H');
  Service::until([&] { return tree.gate() != gate && tree.is_whole(); });
  CHECK(holds(tree.service.log(), "was killed by signal 9: it was stuck in one turn for "));
  CHECK(tree.answers() == before);
}

TEST_CASE("process/process_tree: a manager that is stuck is replaced where that is wanted") {
  if (emulated()) return;
  Tree tree(watched(true));
  tree.up();
  oklo::sys::Fd open = connect(tree);
  int gate = tree.gate(), manager = tree.manager();
  tree.service.shared().wires.hangs = true;
  kill(tree.service.worker(1), SIGKILL);
  Service::until([&] { return tree.manager() != manager && tree.is_whole(); });
  tree.service.shared().wires.hangs = false;
  std::string who = "manager (pid " + std::to_string(manager) + ") ";
  CHECK(holds(tree.service.log(), who + "is stuck in one turn for "));
  CHECK(holds(tree.service.log(), who + "was killed by signal 9: it was stuck in one turn for "));
  CHECK(talk(open) != 0);
  CHECK(tree.gate() == gate);
}

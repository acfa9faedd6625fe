#include "process/gate.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "emulated.h"
#include "process/tree_world.h"

TEST_CASE("process/gate: a dead gate is replaced, and the workers go on") {
  Tree tree;
  tree.up();
  int gate = tree.gate(), worker = tree.service.worker(1), manager = tree.manager();
  kill(gate, SIGKILL);
  Service::until([&] { return tree.gate() != gate && tree.is_whole(); });
  CHECK(tree.answers().count(worker) == 1);
  CHECK(tree.manager() == manager);
  CHECK(tree.service.status_has("\"restarts\":1"));
}

TEST_CASE("process/gate: a thread of the gate that ends is the end of the gate, which is replaced") {
  Tree tree;
  tree.up();
  int gate = tree.gate();
  CHECK(tree.service.ask('Q') == 0);
  Service::until([&] { return tree.gate() != gate && tree.is_whole(); });
  CHECK(holds(tree.service.log(), " ended; starting another"));
  CHECK(tree.service.ask() != 0);
}

TEST_CASE("process/gate: each process has the sockets of its role alone") {
  if (emulated()) return;
  Tree tree;
  tree.up();
  std::set<std::string> master = sockets_of(tree.service.pid());
  std::set<std::string> gate = sockets_of(tree.gate());
  std::set<std::string> manager = sockets_of(tree.manager());
  std::set<std::string> one = sockets_of(tree.service.worker(1)), two = sockets_of(tree.service.worker(2));
  CHECK(one.size() == 1 + 2);               // its channel, its wires
  CHECK(gate.size() == 1 + 2 * 2 + 2 + 6);  // its channel, those of its threads, listeners, wires
  CHECK(manager.size() == 1 + 3 + 6);       // its channel, those of the workers, their wires
  CHECK(shared(one, two) == 0);
  CHECK(shared(one, gate) == 0);
  CHECK(shared(manager, gate) == 0);
  CHECK(shared(one, manager) == 2);
  CHECK(shared(one, master) == 2);
  CHECK(shared(gate, master) == 2 + 6);
}

TEST_CASE("process/gate: gate and workers drop the rights that master and manager keep") {
  if (emulated() || getuid() != 0) return;
  oklo::MasterOptions options = process_mode();
  options.user = "65534";
  Tree tree(options);
  tree.up();
  auto user_of = [](int pid) {
    std::string status = oklo::sys::read_file("/proc/" + std::to_string(pid) + "/status", 1 << 14).value();
    return atoi(status.c_str() + status.find("Uid:") + 4);
  };
  CHECK(user_of(tree.service.pid()) == 0);
  CHECK(user_of(tree.manager()) == 0);
  CHECK(user_of(tree.gate()) == 65534);
  CHECK(user_of(tree.service.worker(1)) == 65534);
  int manager = tree.manager();
  kill(manager, SIGKILL);
  Service::until([&] { return tree.manager() != manager && tree.is_whole(); });
  CHECK(user_of(tree.service.worker(1)) == 65534);
}

TEST_CASE("process/gate: the access log is opened again in the workers, and the gate has none") {
  oklo::MasterOptions options = process_mode();
  TempDir place;
  options.access_log = place / "log";
  Tree tree(options);
  tree.up();
  auto log = [&] { return oklo::sys::read_file(place / "log", 1 << 20).value(); };
  auto writes = [&] { return tree.service.ask('l') != 0 && holds(log(), "line\n"); };
  CHECK(writes());
  REQUIRE(rename((place / "log").c_str(), (place / "old").c_str()) == 0);
  CHECK(tree.service.command("reopen").ok);
  Service::until(writes);
  for (int pid : {tree.gate(), tree.manager()}) {
    kill(pid, SIGKILL);
    Service::until([&] { return tree.gate() != pid && tree.manager() != pid && tree.is_whole(); });
    size_t before = log().size();
    Service::until([&] { return writes() && log().size() > before; });
  }
}

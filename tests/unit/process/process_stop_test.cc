#include <doctest/doctest.h>

#include <set>
#include <string>

#include "emulated.h"
#include "process/tree_world.h"

TEST_CASE("process/process_stop: HUP reloads, what the program hears reaches the workers, TERM ends") {
  oklo::MasterOptions options = process_mode();
  options.signals.push_back({SIGRTMIN + 5, true});
  options.signals.push_back({SIGRTMIN + 6, false});
  Tree tree(options);
  tree.up();
  tree.service.signal(SIGHUP);
  Service::until([&] { return tree.service.status_has("\"reloads\":1,"); });
  tree.wait_until_whole();
  tree.service.signal(SIGRTMIN + 5);
  Service::until([&] { return tree.service.shared().signals_in_workers == 3; });
  tree.service.signal(SIGRTMIN + 6);
  Service::until([&] { return tree.service.shared().signals_in_master == 1; });
  tree.service.signal(SIGTERM);
  CHECK(tree.service.wait() == 0);
  CHECK(tree.service.all_gone());
}

TEST_CASE("process/process_stop: a first start that fails is the end, with the reason and no trace") {
  Tree workers;
  workers.service.shared().fails_to_start = true;
  CHECK(workers.service.start().wait() == 1);
  CHECK(workers.service.all_gone());
  CHECK(holds(workers.service.log(), "oklo: the service did not come up: "));
  CHECK(holds(workers.service.log(), "the test wants it so"));
  Tree gate;
  gate.service.shared().wires.gate_fails = true;
  CHECK(gate.service.start().wait() == 1);
  CHECK(gate.service.all_gone());
  CHECK(holds(gate.service.log(), "oklo: the service did not come up: gate (pid "));
  CHECK(holds(gate.service.log(), "the gate's test wants it so"));
  Tree before;
  before.service.shared().fails_to_prepare = true;
  CHECK(before.service.start().wait() == 100);
  CHECK(before.service.log() == "oklo: there is no such test; check the path\n");
}

TEST_CASE("process/process_stop: the workers answer while the gate finishes what it has") {
  Tree tree;
  tree.up();
  oklo::sys::Fd open = connect(tree);
  tree.service.signal(SIGTERM);
  Service::until([&] { return !tree.service.command("health").ok; });
  Service::until([&] { return count(tree.service.status(), "\"state\":\"draining\"") == 2; });
  CHECK(talk(open) != 0);
  auto address = oklo::sys::Address::parse("127.0.0.1:" + std::to_string(tree.service.shared().port)).value();
  Service::until([&] { return !oklo::sys::connect_to(address).ok(); });
  CHECK(talk(open) != 0);
  open.reset();
  CHECK(tree.service.wait() == 0);
  CHECK(tree.service.all_gone());
  CHECK_FALSE(holds(tree.service.log(), "killed"));
}

TEST_CASE("process/process_stop: TERM or INT a second time does not wait, and who takes too long is killed") {
  for (int second : {SIGTERM, SIGINT}) {
    Tree tree;
    tree.up();
    tree.service.shared().wires.gate_waits = true;
    tree.service.signal(second);
    Service::until([&] { return !tree.service.command("health").ok; });
    tree.service.signal(SIGTERM);
    CHECK(tree.service.wait() == 0);
    CHECK(tree.service.all_gone());
  }
  oklo::MasterOptions options = process_mode();
  options.shutdown_timeout_ms = 20;
  Tree slow(options);
  slow.up();
  slow.service.shared().wires.gate_waits = true;
  CHECK(slow.service.command("stop").ok);
  CHECK(slow.service.wait() == 0);
  CHECK(slow.service.all_gone());
  CHECK(holds(slow.service.log(), "some did not leave in time"));
}

TEST_CASE("process/process_stop: QUIT sets no deadline, TERM after it does") {
  oklo::MasterOptions options = process_mode();
  options.shutdown_timeout_ms = 20;
  Tree tree(options);
  tree.up();
  tree.service.shared().wires.gate_waits = true;
  tree.service.signal(SIGQUIT);
  Service::until([&] { return !tree.service.command("health").ok; });
  CHECK(holds(tree.service.log(), "stopping when all is finished"));
  tree.service.signal(SIGTERM);
  CHECK(tree.service.wait() == 0);
  CHECK(tree.service.all_gone());
}

TEST_CASE("process/process_stop: all leave when the master is gone") {
  Tree tree;
  tree.up();
  tree.service.shared().wires.gate_waits = true;
  int manager = tree.manager();
  tree.service.signal(SIGKILL);
  CHECK(tree.service.wait() == 1000 + SIGKILL);
  Service::until([&] { return kill(manager, 0) != 0; });
  tree.service.shared().wires.gate_waits = false;
  CHECK(tree.service.all_gone());
}

TEST_CASE("process/process_stop: stops while gate or manager are being replaced") {
  for (bool gate : {true, false}) {
    Tree tree;
    tree.up();
    kill(gate ? tree.gate() : tree.manager(), SIGKILL);
    tree.service.signal(SIGTERM);
    CHECK(tree.service.wait() == 0);
    CHECK(tree.service.all_gone());
  }
}

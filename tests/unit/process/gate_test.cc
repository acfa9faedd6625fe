#include "process/gate.h"

#include <doctest/doctest.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <set>
#include <string>

#include "emulated.h"
#include "process/tree_world.h"

namespace {

// Holds a thread at a call of the kernel that is not the wait of its Reactor.
class Stopper {
 public:
  explicit Stopper(int thread) : thread_(thread) {
    REQUIRE(ptrace(PTRACE_SEIZE, thread_, 0, PTRACE_O_TRACESYSGOOD) == 0);
    REQUIRE(ptrace(PTRACE_INTERRUPT, thread_, 0, 0) == 0);
    await_stop();
    resume();
  }

  void stop_in_turn() {
    for (bool in_call = false;;) {
      bool at_call = WSTOPSIG(await_stop()) == (SIGTRAP | 0x80);
      in_call = at_call && !in_call;
      if (in_call && !waits()) return;
      resume();
    }
  }
  void go_on() { ptrace(PTRACE_DETACH, thread_, 0, 0); }

 private:
  int await_stop() {
    int status = 0;
    REQUIRE(waitpid(thread_, &status, __WALL) == thread_);
    REQUIRE(WIFSTOPPED(status));
    return status;
  }
  void resume() { REQUIRE(ptrace(PTRACE_SYSCALL, thread_, 0, 0) == 0); }
  // "281 0x4 0x7f..." are the number of the call and what it was given.
  bool waits() {
    std::string call = oklo::sys::read_file("/proc/" + std::to_string(thread_) + "/syscall", 1 << 10).value();
    return atoi(call.c_str()) == SYS_epoll_pwait;
  }

  int thread_;
};

}  // namespace

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

TEST_CASE("process/gate: the watchdog sees also the first thread, which owns no client") {
  if (emulated()) return;
  oklo::MasterOptions options = process_mode();
  options.policy.watchdog_ms = 100;
  Tree tree(options);
  tree.up();
  int gate = tree.gate();
  Stopper first_thread(gate);
  CHECK(tree.service.ask('Q') == 0);  // This is for the first thread to hear.
  first_thread.stop_in_turn();
  std::string who = "gate (pid " + std::to_string(gate) + ") is stuck in one turn for ";
  Service::until([&] { return holds(tree.service.log(), who); });
  CHECK(count(tree.service.log(), who) == 1);
  first_thread.go_on();
  Service::until([&] { return holds(tree.service.log(), "gate[" + std::to_string(gate) + "]: its stack"); });
  Service::until([&] { return tree.gate() != gate && tree.is_whole(); });
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
  if (emulated()) return;
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

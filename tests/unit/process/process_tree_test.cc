#include "process/process_tree.h"

#include <doctest/doctest.h>

#include <dirent.h>

#include <random>
#include <set>

#include "emulated.h"
#include "process/service.h"

namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) found++;
  return found;
}

oklo::MasterOptions process_mode() {
  oklo::MasterOptions options;
  options.has_gate = true;
  options.reactor_threads = 2;
  return options;
}

// A service in process mode: a gate of two threads, three workers.
struct Tree {
  explicit Tree(oklo::MasterOptions options = process_mode()) : service(std::move(options)) {}

  Tree& up() {
    service.up();
    return *this;
  }
  int gate() { return service.pid_behind("\"gate\":[{\"thread\":1,\"pid\":"); }
  int manager() { return service.pid_behind("\"manager\":[{\"pid\":"); }
  // One that has a gate, a manager, and each worker once.
  bool is_whole() {
    std::string json = service.status();
    return count(json, "\"thread\":") == 2 && count(json, "\"worker\":") == 3 &&
           count(json, "\"state\":\"ready\"") == 6;
  }
  void wait_until_whole() {
    Service::until([this] { return is_whole(); });
  }
  // All workers have answered.
  std::set<int> answers() {
    std::set<int> pids;
    Service::until([&] {
      pids.insert(service.ask());
      return pids.size() >= 3;
    });
    return pids;
  }

  Service service;
};

// A connection that stays: what it says is answered with a pid, 0 for none.
int talk(const oklo::sys::Fd& fd, char what = 'p') {
  int pid = 0;
  if (write(fd.get(), &what, 1) != 1) return 0;
  return read(fd.get(), &pid, sizeof pid) == sizeof pid ? pid : 0;
}

oklo::sys::Fd connect(Tree& tree) {
  oklo::sys::Fd fd = tree.service.connect('p');
  int pid = 0;
  REQUIRE(read(fd.get(), &pid, sizeof pid) == sizeof pid);
  return fd;
}

std::set<std::string> sockets_of(int pid) {
  std::set<std::string> found;
  std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  DIR* directory = opendir(folder.c_str());
  REQUIRE(directory);
  while (dirent* entry = readdir(directory)) {
    char target[256] = {};
    if (readlink((folder + entry->d_name).c_str(), target, sizeof target - 1) < 0) continue;
    if (std::string_view(target).starts_with("socket:")) found.insert(target);
  }
  closedir(directory);
  return found;
}

size_t shared(const std::set<std::string>& one, const std::set<std::string>& other) {
  return static_cast<size_t>(
      std::count_if(one.begin(), one.end(), [&](auto& name) { return other.count(name) > 0; }));
}

}  // namespace

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

TEST_CASE("process/process_tree: a new worker does not read before one of a dead manager has ended to") {
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

TEST_CASE("process/process_tree: a worker that does not let go of its wires is killed when its time is over") {
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

TEST_CASE("process/process_tree: a dead gate is replaced, and the workers go on") {
  Tree tree;
  tree.up();
  int gate = tree.gate(), worker = tree.service.worker(1), manager = tree.manager();
  kill(gate, SIGKILL);
  Service::until([&] { return tree.gate() != gate && tree.is_whole(); });
  CHECK(tree.answers().count(worker) == 1);
  CHECK(tree.manager() == manager);
  CHECK(tree.service.status_has("\"restarts\":1"));
}

TEST_CASE("process/process_tree: a thread of the gate that ends is the end of the gate, which is replaced") {
  Tree tree;
  tree.up();
  int gate = tree.gate();
  CHECK(tree.service.ask('Q') == 0);
  Service::until([&] { return tree.gate() != gate && tree.is_whole(); });
  CHECK(holds(tree.service.log(), " ended; starting another"));
  CHECK(tree.service.ask() != 0);
}

TEST_CASE("process/process_tree: whatever is killed, in whatever order, it comes back") {
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

TEST_CASE("process/process_tree: a reload that fails leaves the old workers alone and tells why") {
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

TEST_CASE("process/process_tree: HUP reloads, what the program hears reaches the workers, TERM ends") {
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

TEST_CASE("process/process_tree: a first start that fails is the end, with the reason and no trace") {
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

TEST_CASE("process/process_tree: the workers answer while the gate finishes what it has") {
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

TEST_CASE("process/process_tree: TERM or INT a second time does not wait, and who takes too long is killed") {
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

TEST_CASE("process/process_tree: QUIT sets no deadline, TERM after it does") {
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

TEST_CASE("process/process_tree: all leave when the master is gone") {
  Tree tree;
  tree.up();
  tree.service.signal(SIGKILL);
  CHECK(tree.service.wait() == 1000 + SIGKILL);
  CHECK(tree.service.all_gone());
}

TEST_CASE("process/process_tree: stops while gate or manager are being replaced") {
  for (bool gate : {true, false}) {
    Tree tree;
    tree.up();
    kill(gate ? tree.gate() : tree.manager(), SIGKILL);
    tree.service.signal(SIGTERM);
    CHECK(tree.service.wait() == 0);
    CHECK(tree.service.all_gone());
  }
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

TEST_CASE("process/process_tree: each process has the sockets of its role alone") {
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

TEST_CASE("process/process_tree: gate and workers drop the rights that master and manager keep") {
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

TEST_CASE("process/process_tree: the access log is opened again, in the gate and in the workers") {
  oklo::MasterOptions options = process_mode();
  TempDir place;
  options.access_log = place / "log";
  Tree tree(options);
  tree.up();
  auto log = [&] { return oklo::sys::read_file(place / "log", 1 << 20).value(); };
  auto all_write = [&] {
    tree.service.ask('l');
    tree.service.ask('g');
    return holds(log(), "line\n") && holds(log(), "gate\n");
  };
  CHECK(all_write());
  REQUIRE(rename((place / "log").c_str(), (place / "old").c_str()) == 0);
  CHECK(tree.service.command("reopen").ok);
  Service::until(all_write);
  for (int pid : {tree.gate(), tree.manager()}) {
    kill(pid, SIGKILL);
    Service::until([&] { return tree.gate() != pid && tree.manager() != pid && tree.is_whole(); });
    size_t before = log().size();
    Service::until([&] { return all_write() && log().size() > before; });
  }
}

TEST_CASE("process/process_tree: processes of the program's own follow the manager") {
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

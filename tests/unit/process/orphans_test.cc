#include "process/orphans.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emulated.h"

using oklo::LifeState;
using oklo::Scoreboard;

namespace {

// A master whose manager is gone: two rows are for the gate, four for the lives of workers.
struct Master {
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(256).value();
  oklo::Log log{open("/dev/null", O_WRONLY | O_CLOEXEC), "test"};
  Scoreboard scoreboard = Scoreboard::create(6, 3, 2).value();
  oklo::ConnectionTable connections = oklo::ConnectionTable::create(256).value();
  oklo::KeeperContext context;
  int gone = 0;
  oklo::Orphans orphans{context, [this] { gone++; }};

  Master() {
    context.reactor = reactor.get();
    context.log = &log;
    context.scoreboard = &scoreboard;
    context.connections = &connections;
    context.shutdown_timeout_ms = 30'000;
  }
  ~Master() { close(log.fd()); }

  uint32_t begin(int pid) {
    uint32_t life = static_cast<uint32_t>(scoreboard.begin_life(1, 1, 0));
    scoreboard.life(life).pid = pid;
    return life;
  }
  bool is_over(uint32_t life) const { return scoreboard.life(life).state.load() == LifeState::none; }
  // Until they are all gone, as the master hears of it.
  void run() {
    while (!orphans.empty()) {
      reactor->run_once();
      if (waitpid(-1, nullptr, WNOHANG) > 0) orphans.on_child_event();
    }
  }
};

int child() {
  int pid = fork();
  if (pid == 0) {
    pause();
    _exit(0);
  }
  return pid;
}

}  // namespace

TEST_CASE("process/orphans: a life whose process was reaped already is buried at once, a gate's is not one") {
  Master master;
  int pid = child();
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  uint32_t life = master.begin(pid);
  uint32_t gate = static_cast<uint32_t>(master.scoreboard.begin_life(2, 0, 0, oklo::Keeper::gate));
  master.scoreboard.life(life).requests.add(3);
  CHECK(master.connections.take_chunk(life));
  master.orphans.adopt();
  CHECK(master.orphans.empty());
  CHECK(master.is_over(life));
  CHECK(master.connections.chunk(0).owner == 0);
  CHECK(master.scoreboard.gone(oklo::Keeper::gate).requests.value() == 3);
  CHECK_FALSE(master.is_over(gate));
}

TEST_CASE("process/orphans: a child is one until it was reaped, and all can be killed") {
  if (emulated()) return;
  Master master;
  uint32_t life = master.begin(child());
  master.orphans.adopt();
  CHECK_FALSE(master.orphans.empty());
  CHECK_FALSE(master.is_over(life));
  master.orphans.kill_all();
  CHECK_FALSE(master.is_over(life));
  master.run();
  CHECK(master.is_over(life));
  CHECK(master.gone > 0);
}

TEST_CASE("process/orphans: a process may tell its pid later, and a row that stays without one is nobody's") {
  if (emulated()) return;
  Master master;
  uint32_t late = master.begin(0), never = master.begin(0);
  master.orphans.adopt();
  CHECK_FALSE(master.is_over(late));
  master.orphans.kill_all();
  master.scoreboard.life(late).pid = child();
  master.run();
  CHECK(master.is_over(late));
  CHECK(master.is_over(never));
}

TEST_CASE("process/orphans: those of another manager that dies are adopted too") {
  if (emulated()) return;
  Master master;
  uint32_t first = master.begin(child());
  master.orphans.adopt();
  uint32_t second = master.begin(child());
  master.orphans.adopt();
  master.orphans.kill_all();
  master.run();
  CHECK(master.is_over(first));
  CHECK(master.is_over(second));
}

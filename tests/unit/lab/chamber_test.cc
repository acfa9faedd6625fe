#include "lab/chamber.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "emulated.h"
#include "lab/family.h"
#include "lab/parcel.h"
#include "sys/process.h"
#include "sys/time.h"

namespace lab = oklo::lab;
namespace sys = oklo::sys;

namespace {

constexpr uint64_t kPatienceMs = 10'000;

uint64_t soon() { return sys::monotonic_ms() + kPatienceMs; }

// A grandchild that leaves its session and its parent, as a daemon does, and tells its pid.
void become_daemon(int fd) {
  if (fork() != 0) return;
  setsid();
  if (fork() != 0) _exit(0);
  lab::tell(fd, lab::ParcelWriter().number(static_cast<uint64_t>(getpid())).sealed());
  for (;;) pause();
}

lab::Play daemon_play() {
  lab::Play play;
  play.title = "a daemon";
  play.play = become_daemon;
  return play;
}

pid_t pid_in(const std::string& parcel) {
  return static_cast<pid_t>(lab::ParcelReader(parcel).number());
}

}  // namespace

TEST_CASE("lab/chamber: what is told there is heard, and its end too") {
  CHECK(in_child([] {
          auto interrupts = lab::Interrupts::create();
          lab::Play play;
          play.title = "a play";
          play.play = [](int fd) {
            for (const char* text : {"one", "two"}) lab::tell(fd, lab::ParcelWriter().text(text).sealed());
          };
          auto chamber = lab::Chamber::open(*interrupts, play);
          if (!chamber) return 1;
          auto one = chamber->hear(soon()), two = chamber->hear(soon()), three = chamber->hear(soon());
          if (!one || lab::ParcelReader(*one).text() != "one") return 2;
          if (!two || lab::ParcelReader(*two).text() != "two") return 3;
          return !three && three.error().text == "it ended by itself" ? 0 : 4;
        }) == 0);
}

TEST_CASE("lab/chamber: it ends what has gone away from it, and reaps it") {
  if (emulated()) return;
  CHECK(in_child([] {
          auto interrupts = lab::Interrupts::create();
          auto chamber = lab::Chamber::open(*interrupts, daemon_play());
          if (!chamber) return 1;
          auto told = chamber->hear(soon());
          if (!told) return 2;
          pid_t daemon = pid_in(*told);
          std::vector<pid_t> family;  // its parents leave it when they get to it
          for (uint64_t until_ms = soon(); (family = chamber->family()) != std::vector<pid_t>{daemon};)
            if (sys::monotonic_ms() > until_ms) return 3;
          if (!lab::look_at(family).exists || !lab::memory_kib(family)) return 4;
          chamber->end();
          return kill(daemon, 0) != 0 && lab::descendants(getpid()).empty() ? 0 : 5;
        }) == 0);
}

TEST_CASE("lab/chamber: when the lab is killed nothing is left of it") {
  if (emulated()) return;
  CHECK(in_child([] {
          sys::become_subreaper();
          int ends[2];
          if (pipe(ends) != 0) return 1;
          pid_t killed = fork();
          if (killed == 0) {
            auto interrupts = lab::Interrupts::create();
            auto chamber = lab::Chamber::open(*interrupts, daemon_play());
            auto told = chamber->hear(soon());
            pid_t daemon = pid_in(*told);
            if (write(ends[1], &daemon, sizeof daemon) < 0) _exit(1);
            for (;;) pause();
          }
          pid_t daemon = 0;
          if (read(ends[0], &daemon, sizeof daemon) != sizeof daemon) return 2;
          kill(killed, SIGKILL);
          while (waitpid(-1, nullptr, 0) > 0) {}  // also the keeper, which has ended the daemon before
          return kill(daemon, 0) != 0 ? 0 : 3;
        }) == 0);
}

TEST_CASE("lab/chamber: an interrupt ends waiting, and later waits at once") {
  CHECK(in_child([] {
          auto interrupts = lab::Interrupts::create();
          auto chamber = lab::Chamber::open(*interrupts, daemon_play());
          if (!chamber || !chamber->hear(soon())) return 1;
          kill(getpid(), SIGINT);
          for (int i = 0; i < 2; i++) {
            auto told = chamber->hear(UINT64_MAX);
            if (told || told.error().text != "interrupted") return 2;
          }
          return interrupts->happened() ? 0 : 3;
        }) == 0);
}

TEST_CASE("lab/chamber: system calls are counted when they are to be") {
  if (emulated()) return;
  CHECK(in_child([] {
          auto interrupts = lab::Interrupts::create();
          lab::Play play;
          play.title = "a caller";
          play.counts_calls = true;
          play.play = [](int fd) {
            lab::tell(fd, lab::ParcelWriter().sealed());
            for (int i = 0; i < 500; i++) (void)getppid();
            lab::tell(fd, lab::ParcelWriter().sealed());
            for (;;) pause();
          };
          auto chamber = lab::Chamber::open(*interrupts, play);
          if (!chamber || !chamber->hear(soon())) return 1;
          if (chamber->trace_error()) return 0;  // not permitted here
          if (!chamber->hear(soon())) return 2;
          return chamber->calls() >= 500 ? 0 : 3;
        }) == 0);
}

#include "sys/process.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "emulated.h"
#include "sys/memory.h"

namespace sys = oklo::sys;
using Kind = sys::ChildEvent::Kind;

namespace {

// The next event of a child, when there is one; waits without taking it.
sys::ChildEvent wait_event(pid_t pid) {
  siginfo_t info = {};
  REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WSTOPPED | WCONTINUED | WNOWAIT) == 0);
  auto event = sys::next_child_event();
  REQUIRE(event.has_value());
  CHECK(event->pid == pid);
  return *event;
}

pid_t fork_waiting_child() {
  auto pid = sys::fork_process();
  REQUIRE(pid.ok());
  if (*pid == 0)
    for (;;) pause();
  return *pid;
}

}  // namespace

TEST_CASE("sys/process: a child is waited for twice: until it has ended, and to reap it") {
  auto pid = sys::fork_process();
  REQUIRE(pid.ok());
  if (*pid == 0) sys::exit_now(7);
  sys::wait_for_end(*pid);
  CHECK(sys::is_child(*pid));
  auto event = sys::reap(*pid);
  REQUIRE(event.has_value());
  CHECK(event->kind == Kind::exited);
  CHECK(event->status == 7);
  CHECK(!sys::is_child(*pid));
  CHECK(!sys::reap(*pid));
}

TEST_CASE("sys/process: a signal to a group comes to what its leader has forked") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  pid_t leader = fork();
  if (leader == 0) {
    sys::lead_group(0);
    (void)fork();
    for (;;) pause();
  }
  sys::lead_group(leader);
  close(ends[1]);
  CHECK(getpgid(leader) == leader);
  sys::signal_group(leader, SIGKILL);
  CHECK(sys::reap(leader)->kind == Kind::killed);
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == 0);  // nobody holds the other end any more
  close(ends[0]);
}

TEST_CASE("sys/process: no fd can be opened beyond a limit that was lowered") {
  CHECK(in_child([] {
          if (!sys::lower_file_limit(3)) return 1;
          return sys::file_limit() == 3 && dup(0) == -1 && errno == EMFILE ? 0 : 2;
        }) == 0);
}

TEST_CASE("sys/process: a child that exits") {
  auto pid = sys::fork_process();
  REQUIRE(pid.ok());
  if (*pid == 0) sys::exit_now(sys::current_pid() == getpid() ? 7 : 8);
  sys::ChildEvent event = wait_event(*pid);
  CHECK(event.kind == Kind::exited);
  CHECK(event.status == 7);
  CHECK(!sys::next_child_event());
}

TEST_CASE("sys/process: the end of a child is waited for, whoever it is, and no child is nothing") {
  CHECK(in_child([] {
    if (sys::wait_for_child()) return 1;
    auto pid = sys::fork_process();
    if (*pid == 0) sys::exit_now(7);
    auto event = sys::wait_for_child();
    return event && event->pid == *pid && event->kind == Kind::exited && event->status == 7 ? 0 : 2;
  }) == 0);
}

TEST_CASE("sys/process: who leaves no zombies has no child left to wait for") {
  CHECK(in_child([] {
    sys::leave_no_zombies();
    auto pid = sys::fork_process();
    if (*pid == 0) sys::exit_now(7);
    if (sys::wait_for_child()) return 1;
    return kill(*pid, 0) == 0 ? 2 : 0;
  }) == 0);
}

TEST_CASE("sys/process: a child that is stopped, goes on and is killed") {
  pid_t pid = fork_waiting_child();
  CHECK(!sys::next_child_event());
  CHECK(!sys::process_info(pid).stopped);
  sys::send_signal(pid, SIGSTOP);
  sys::ChildEvent event = wait_event(pid);
  CHECK(event.kind == Kind::stopped);
  CHECK(event.status == SIGSTOP);
  CHECK(sys::process_info(pid).stopped);
  sys::send_signal(pid, SIGCONT);
  CHECK(wait_event(pid).kind == Kind::continued);
  CHECK(!sys::process_info(pid).stopped);
  sys::send_signal(pid, SIGKILL);
  event = wait_event(pid);
  CHECK(event.kind == Kind::killed);
  CHECK(event.status == SIGKILL);
  CHECK(!sys::next_child_event());
}

TEST_CASE("sys/process: private memory grows with what is written") {
  auto memory = sys::Memory::allocate(32 << 20);
  REQUIRE(memory.ok());
  uint64_t before = sys::process_info(getpid()).private_kib;
  for (size_t at = 0; at < memory->size(); at += 1024) memory->data()[at] = 1;
  CHECK(sys::process_info(getpid()).private_kib >= before + (30 << 10));
}

TEST_CASE("sys/process: how often a process has gone to sleep") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  pid_t pid = fork();
  if (pid == 0)
    for (char byte = 0; read(ends[0], &byte, 1) == 1;) {
    }
  auto asleep = [pid] {
    auto status = sys::process_status(pid);
    while (status && !status->sleeps()) status = sys::process_status(pid);
    REQUIRE(status.has_value());
    return status->voluntary;
  };
  uint64_t before = asleep();
  REQUIRE(write(ends[1], "!", 1) == 1);
  while (asleep() == before) {
  }
  sys::send_signal(pid, SIGKILL);
  sys::reap(pid);
  CHECK(!sys::process_status(pid));
  for (int end : ends) close(end);
}

TEST_CASE("sys/process: a process that is not there") {
  sys::ProcessInfo info = sys::process_info(0);
  CHECK(info.private_kib == 0);
  CHECK(!info.stopped);
}

TEST_CASE("sys/process: become_user gives root up for good") {
  if (sys::effective_uid() != 0) return;
  CHECK(in_child([] {
          if (!sys::become_user(65534, 65533)) return 1;
          uid_t uids[3];
          gid_t gids[3];
          getresuid(&uids[0], &uids[1], &uids[2]);
          getresgid(&gids[0], &gids[1], &gids[2]);
          for (uid_t uid : uids)
            if (uid != 65534) return 2;
          for (gid_t gid : gids)
            if (gid != 65533) return 3;
          gid_t groups[32];
          if (getgroups(32, groups) != 1 || groups[0] != 65533) return 4;
          if (setuid(0) == 0) return 5;
          auto again = sys::become_user(0, 0);
          if (again || again.error().number != EPERM) return 6;
          return again.error().text == "cannot become user 0, group 0: Operation not permitted" ? 0 : 7;
        }) == 0);
}

TEST_CASE("sys/process: the limit of open files goes up to what is allowed") {
  CHECK(in_child([] {
          rlimit limit = {100, 200};
          if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
          if (sys::file_limit() != 100) return 2;
          return sys::raise_file_limit() == 200 && sys::file_limit() == 200 ? 0 : 3;
        }) == 0);
}

TEST_CASE("sys/process: who may raise the limit of open files gets as many as wanted") {
  bool may = in_child([] {
    rlimit low = {100, 200}, high = {100, 300};
    return setrlimit(RLIMIT_NOFILE, &low) == 0 && setrlimit(RLIMIT_NOFILE, &high) == 0 ? 1 : 0;
  });
  CHECK(in_child([may] {
          rlimit limit = {100, 200};
          if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
          if (sys::raise_file_limit(150) != 200) return 2;
          if (sys::raise_file_limit(300) != (may ? 300 : 200)) return 3;
          return sys::raise_file_limit(UINT64_MAX / 2) >= (may ? 300 : 200) ? 0 : 4;
        }) == 0);
}

TEST_CASE("sys/process: there is a processor to use") {
  CHECK(sys::usable_processors() >= 1);
  CHECK(sys::usable_processors() <= sysconf(_SC_NPROCESSORS_CONF));
  CHECK(in_child([] {
    if (!sys::pin_to_processor(1'000'001)) return 1;
    if (sys::usable_processors() != 1) return 2;
    return sys::pin_to_processor(0).ok() ? 0 : 3;
  }) == 0);
}

TEST_CASE("sys/process: a new session, once") {
  CHECK(in_child([] {
          if (!sys::new_session() || getsid(0) != getpid()) return 1;
          return sys::new_session() ? 2 : 0;
        }) == 0);
}

TEST_CASE("sys/process: directory and umask") {
  CHECK(in_child([] {
          if (!sys::change_directory("/")) return 1;
          char name[8];
          if (!getcwd(name, sizeof name) || name[1] != '\0') return 2;
          sys::set_umask(027);
          return umask(0) == 027 ? 0 : 3;
        }) == 0);
  CHECK(sys::change_directory("/no/such").error().text ==
        "cannot change to directory /no/such: No such file or directory");
}

TEST_CASE("sys/process: a subreaper inherits the children of its children") {
  if (emulated()) return;
  CHECK(in_child([] {
          sys::become_subreaper();
          int ends[2];
          if (pipe(ends) != 0) return 1;
          pid_t parent = fork();
          if (parent == 0) {
            if (fork() != 0) _exit(0);
            char byte;
            close(ends[1]);
            (void)!read(ends[0], &byte, 1);
            _exit(getppid() == 1 ? 9 : 5);
          }
          close(ends[0]);
          int status = 0;
          if (waitpid(parent, &status, 0) != parent) return 2;
          close(ends[1]);
          pid_t orphan = waitpid(-1, &status, 0);
          return orphan > 0 && WEXITSTATUS(status) == 5 ? 0 : 3;
        }) == 0);
}

TEST_CASE("sys/process: a child that is to die with its parent does, and one that has lost it at once") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  CHECK(in_child([&] {
          int ready[2];
          if (pipe2(ready, O_CLOEXEC) != 0) return 1;
          auto pid = sys::fork_process();
          if (!pid.ok()) return 2;
          char byte = 0;
          if (*pid != 0) return read(ready[0], &byte, 1) == 1 ? 0 : 3;
          sys::die_with_parent(getppid());
          (void)!write(ready[1], "x", 1);
          for (;;) pause();
        }) == 0);
  close(ends[1]);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 0);  // no process has the other end
  close(ends[0]);
  CHECK(in_child([] {
          sys::die_with_parent(1'000'000'000);
          return 0;
        }) == 1000 + SIGKILL);
  CHECK(in_child([] {
          sys::die_with_parent(getppid());
          sys::outlive_parent();
          return 0;
        }) == 0);
}

TEST_CASE("sys/process: a child hears of its parent's end by the signal that it wants") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK(in_child([&] {
          pid_t child = fork();
          if (child == 0) {
            pid_t parent = getppid();
            signal(SIGUSR1, [](int) { _exit(0); });
            sys::signal_with_parent(parent, SIGUSR1);
            if (write(ends[1], "r", 1) != 1) _exit(1);
            for (;;) pause();
          }
          char ready;
          return read(ends[0], &ready, 1) == 1 ? 0 : 1;
        }) == 0);
  close(ends[1]);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 0);  // The last one that had the other end is gone.
  close(ends[0]);
}

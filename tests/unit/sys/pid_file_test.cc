#include "sys/pid_file.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "child.h"
#include "sys/file.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

std::string own_line() { return oklo::decimal(static_cast<uint64_t>(getpid())) + "\n"; }

// A child that holds the pid file until it is killed; returns when it holds it.
pid_t fork_holder(const std::string& path) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    auto held = sys::PidFile::create(path);
    if (!held) _exit(1);
    (void)!write(ends[1], "x", 1);
    for (;;) pause();
  }
  close(ends[1]);
  char byte;
  REQUIRE(read(ends[0], &byte, 1) == 1);
  close(ends[0]);
  return pid;
}

void end(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace

TEST_CASE("sys/pid_file: holds the pid and goes when it is removed") {
  TempDir temp;
  auto file = sys::PidFile::create(temp / "pid");
  REQUIRE(file.ok());
  CHECK(*sys::read_file(temp / "pid", 100) == own_line());
  file->remove();
  file->remove();
  CHECK(access((temp / "pid").c_str(), F_OK) != 0);
}

TEST_CASE("sys/pid_file: of a living process is an error that names it, of a dead one is taken over") {
  TempDir temp;
  std::string path = temp / "pid";
  pid_t pid = fork_holder(path);
  auto second = sys::PidFile::create(path);
  REQUIRE(!second.ok());
  CHECK(second.error().text ==
        "the pid file " + path + " is held by process " + oklo::decimal(static_cast<uint64_t>(pid)));
  end(pid);
  auto third = sys::PidFile::create(path);
  REQUIRE(third.ok());
  CHECK(*sys::read_file(path, 100) == own_line());
}

TEST_CASE("sys/pid_file: a longer rest of an older content is gone") {
  TempDir temp;
  for (const char* content : {"4294967296123\n", "4294967296123", "", "\n"}) {
    temp.file("pid", content);
    auto file = sys::PidFile::create(temp / "pid");
    REQUIRE(file.ok());
    CHECK(*sys::read_file(temp / "pid", 100) == own_line());
  }
}

TEST_CASE("sys/pid_file: a file that holds anything else is left as it is") {
  TempDir temp;
  for (const char* content : {"root:x:0:0\n", "12 34\n", "12\nrubbish\n", "99999999999999999999999999\n"}) {
    CAPTURE(content);
    temp.file("pid", content);
    auto file = sys::PidFile::create(temp / "pid");
    REQUIRE(!file.ok());
    CHECK(file.error().text.ends_with("is none: it holds something else than a pid"));
    CHECK(*sys::read_file(temp / "pid", 100) == content);
  }
}

TEST_CASE("sys/pid_file: a child of the owner does not remove it") {
  TempDir temp;
  auto file = sys::PidFile::create(temp / "pid");
  REQUIRE(file.ok());
  CHECK(in_child([&] {
          file->remove();
          return 0;
        }) == 0);
  CHECK(access((temp / "pid").c_str(), F_OK) == 0);
}

TEST_CASE("sys/pid_file: what is no place for it") {
  TempDir temp;
  CHECK(sys::PidFile::create(temp / "no/pid").error().number == ENOENT);
  CHECK(sys::PidFile::create(temp.path()).error().text ==
        "cannot write the pid file " + temp.path() + ": Is a directory");
  temp.link("link", "/tmp/elsewhere");
  CHECK(sys::PidFile::create(temp / "link").error().number == ELOOP);
}

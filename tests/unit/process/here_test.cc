#include "process/here.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include <oklo/worker.h>

#include "child.h"
#include "sys/file.h"
#include "temp_dir.h"

TEST_CASE("process/here: the functions act on the process they are called in") {
  auto reactor = oklo::Reactor::create(64).value();
  oklo::Log log(2, "test");
  oklo::Here here(*reactor, log, 3, 8, 5);
  CHECK(oklo::worker_number() == 3);
  CHECK(oklo::worker_count() == 8);
  CHECK(oklo::generation() == 5);
  std::string order;
  oklo::TimerId timer = oklo::after(0, [&] { order += "a"; });
  oklo::TimerId none = oklo::after(0, [&] { order += "never"; });
  CHECK(timer);
  CHECK_FALSE(timer == none);
  oklo::defer([&] { order += "d"; });
  oklo::cancel(none);
  oklo::cancel(oklo::TimerId());
  reactor->run_once();
  CHECK(order == "ad");
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  uint32_t seen = 0;
  oklo::FdWatch watch = oklo::watch_fd(ends[1], 0, [&](uint32_t events) { seen = events; });
  CHECK(watch);
  CHECK(oklo::change_fd(watch, oklo::fd_writable));
  reactor->run_once();
  CHECK(seen == oklo::fd_writable);
  oklo::unwatch_fd(watch);
  CHECK_FALSE(oklo::change_fd(watch, oklo::fd_writable));
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("process/here: a timer is counted from the turn, and periodic ones from the first") {
  auto reactor = oklo::Reactor::create(64).value();
  oklo::Log log(2, "test");
  oklo::Here here(*reactor, log, 1, 1, 1);
  uint64_t start = reactor->clock().now_ms;
  uint64_t once_at = 0, third_at = 0;
  int calls = 0;
  oklo::after(3, [&] { once_at = reactor->clock().now_ms; });
  oklo::TimerId periodic = oklo::every(2, [&] {
    if (++calls < 3) return;
    third_at = reactor->clock().now_ms;
    oklo::cancel(periodic);
  });
  while (!once_at || !third_at) reactor->run_once();
  CHECK(once_at >= start + 3);
  CHECK(third_at >= start + 6);
  CHECK(calls == 3);
}

TEST_CASE("process/here: a child's own hides its master's, and is gone with it") {
  auto reactor = oklo::Reactor::create(64).value();
  oklo::Log log(2, "test");
  oklo::Here master(*reactor, log, 0, 2, 1);
  {
    oklo::Here worker(*reactor, log, 2, 2, 1);
    CHECK(oklo::worker_number() == 2);
  }
  CHECK(oklo::worker_number() == 0);
}

TEST_CASE("process/here: outside of a server the functions end the process and say why") {
  TempDir place;
  std::string path = place / "stderr";
  int code = in_child([&] {
    dup2(open(path.c_str(), O_WRONLY | O_CREAT, 0644), STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    return static_cast<int>(oklo::worker_number());
  });
  CHECK(code == 1000 + SIGABRT);
  CHECK(oklo::sys::read_file(path, 1000)->find("called where no server runs") != std::string::npos);
}

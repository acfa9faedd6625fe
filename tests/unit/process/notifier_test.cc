#include "process/notifier.h"

#include <doctest/doctest.h>

#include <stdlib.h>
#include <unistd.h>

#include "local_receiver.h"
#include "net/turns.h"
#include "sys/local_datagram.h"
#include "temp_dir.h"

using oklo::Notifier;

namespace {

// The service manager: a socket that gets what is said, and the environment that names it.
struct Manager : LocalReceiver {
  explicit Manager(const std::string& place, const char* watchdog_us = nullptr, const char* pid = nullptr)
      : LocalReceiver(place) {
    setenv("NOTIFY_SOCKET", place.c_str(), 1);
    if (watchdog_us) setenv("WATCHDOG_USEC", watchdog_us, 1);
    if (pid) setenv("WATCHDOG_PID", pid, 1);
  }
};

std::string ready(const std::string& status) {
  return "READY=1\nMAINPID=" + std::to_string(getpid()) + "\nSTATUS=" + status + "\n";
}

}  // namespace

TEST_CASE("process/notifier: tells what happens, at a path and under an abstract name") {
  TempDir temp;
  for (const std::string& place : {temp / "notify", "@oklo-test-" + std::to_string(getpid())}) {
    CAPTURE(place);
    Turns turns;
    Manager manager(place);
    Notifier notifier(*turns.reactor, [] { return true; });
    CHECK(getenv("NOTIFY_SOCKET") == nullptr);
    CHECK(manager.heard() == "");
    notifier.up("serving");
    CHECK(manager.heard() == ready("serving"));
    notifier.reloading();
    std::string said = manager.heard();
    CHECK(said.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(said.ends_with("\n"));
    CHECK(said.find_first_not_of("0123456789", 27) == said.size() - 1);
    notifier.reloaded("generation 2 is ready");
    CHECK(manager.heard() == ready("generation 2 is ready"));
    notifier.stopping();
    CHECK(manager.heard() == "STOPPING=1\nSTATUS=stopping\n");
    notifier.stopping();
    CHECK(manager.heard() == "");
  }
}

TEST_CASE("process/notifier: the status is one line") {
  TempDir temp;
  Turns turns;
  Manager manager(temp / "notify");
  Notifier notifier(*turns.reactor, [] { return true; });
  notifier.up("one\nREADY=0\ntwo");
  CHECK(manager.heard() == ready("one READY=0 two"));
  notifier.up(std::string(100'000, 'x'));
  CHECK(manager.heard() == ready(std::string(1024, 'x')));
}

TEST_CASE("process/notifier: of reloads that overlap, the end of the last is told, and none while it stops") {
  TempDir temp;
  Turns turns;
  Manager manager(temp / "notify");
  Notifier notifier(*turns.reactor, [] { return true; });
  notifier.reloading();
  notifier.reloading();
  manager.heard();
  manager.heard();
  notifier.reloaded("first");
  CHECK(manager.heard() == "");
  notifier.reloaded("second");
  CHECK(manager.heard() == ready("second"));
  notifier.reloading();
  notifier.stopping();
  manager.heard();
  manager.heard();
  notifier.reloaded("too late");
  notifier.reloading();
  CHECK(manager.heard() == "");
}

TEST_CASE("process/notifier: nobody asked, or who did is gone") {
  TempDir temp;
  Turns turns;
  unsetenv("NOTIFY_SOCKET");
  Notifier mute(*turns.reactor, [] { return true; });
  mute.up("serving");
  for (const std::string& place : {temp / "gone", std::string("relative"), std::string("vsock:2:1"),
                                   std::string(200, '/')}) {
    setenv("NOTIFY_SOCKET", place.c_str(), 1);
    Notifier notifier(*turns.reactor, [] { return true; });
    notifier.up("serving");
    notifier.stopping();
  }
}

TEST_CASE("process/notifier: the watchdog hears of a service that is up and well") {
  TempDir temp;
  Turns turns;
  Manager manager(temp / "notify", "20000", std::to_string(getpid()).c_str());
  bool healthy = false;
  int asked = 0;
  Notifier notifier(*turns.reactor, [&] { return asked++, healthy; });
  CHECK(getenv("WATCHDOG_USEC") == nullptr);
  CHECK(getenv("WATCHDOG_PID") == nullptr);
  CHECK(asked == 0);
  notifier.up("serving");
  CHECK(manager.heard() == ready("serving"));
  turns.wait_until([&] { return asked >= 3; });
  CHECK(manager.heard() == "");
  healthy = true;
  int before = asked;
  turns.wait_until([&] { return asked == before + 2; });
  CHECK(manager.heard() == "WATCHDOG=1\n");
  CHECK(manager.heard() == "WATCHDOG=1\n");
  CHECK(manager.heard() == "");
}

TEST_CASE("process/notifier: a watchdog of another process, or none, is not ours") {
  TempDir temp;
  struct Row {
    const char* time;
    const char* pid;
  };
  int number = 0;
  for (Row row : {Row{"1000", "1"}, Row{"0", nullptr}, Row{"soon", nullptr}, Row{nullptr, nullptr}}) {
    Turns turns;
    Manager manager(temp / std::to_string(number++), row.time, row.pid);
    bool asked = false;
    Notifier notifier(*turns.reactor, [&] { return asked = true; });
    notifier.up("serving");
    CHECK(turns.reactor->timers().timeout_ms(0) == -1);
    CHECK_FALSE(asked);
  }
}

TEST_CASE("process/notifier: what the manager has no room for is said later, and only the newest of it") {
  TempDir temp;
  Turns turns;
  Manager manager(temp / "notify");
  Notifier notifier(*turns.reactor, [] { return true; });
  while (oklo::sys::send_to_local(temp / "notify", "x") == 0) {}
  notifier.up("old");
  notifier.up("new");
  while (manager.heard() == "x") {}
  std::string said;
  turns.wait_until([&] { return !(said = manager.heard()).empty(); });
  CHECK(said == ready("new"));
  CHECK(manager.heard() == "");
}

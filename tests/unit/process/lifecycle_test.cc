// What the master and its workers tell the Application, and how the workers are kept.

#include <doctest/doctest.h>

#include <string>

#include "emulated.h"
#include "process/service.h"

namespace {

bool log_holds(Service& service, std::string_view part) {
  return service.log().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("process/lifecycle: each worker tells its start, and its stop when it was told to leave") {
  Service service;
  service.up();
  CHECK(service.shared().worker_starts == 3);
  CHECK(service.shared().worker_stops == 0);
  CHECK(service.command("reload").ok);
  CHECK(service.shared().reloads == 1);
  CHECK(service.shared().worker_starts == 6);
  Service::until([&] { return service.shared().worker_stops == 3; });
  CHECK(service.command("stop").ok);
  CHECK(service.wait() == 0);
  CHECK(service.all_gone());
  CHECK(service.shared().worker_stops == 6);
  CHECK(service.shared().worker_errors == 0);
}

TEST_CASE("process/lifecycle: the master tells of a worker that died, once, with how it ended") {
  Service service;
  service.up();
  int before = service.worker(2);
  kill(before, SIGKILL);
  Service::until([&] { return service.shared().worker_errors > 0; });
  CHECK(service.shared().error_number == 2);
  CHECK(service.shared().error_pid == before);
  CHECK(service.shared().error_status == SIGKILL);
  Service::until([&] { return service.shared().worker_starts == 4; });
  CHECK(service.shared().worker_errors == 1);
  service.shared().dies_in_slot = 0;
  kill(service.worker(1), SIGKILL);
  Service::until([&] { return service.shared().error_status == 7 << 8; });
  service.shared().dies_in_slot = -1;
}

TEST_CASE("process/lifecycle: a worker that the master ends is no error, one that dies while it leaves is") {
  Service service;
  service.up();
  service.shared().never_drains = true;
  int leaving = service.worker(3);
  CHECK(service.command("reload").ok);
  CHECK(service.shared().worker_errors == 0);
  kill(leaving, SIGKILL);
  Service::until([&] { return service.shared().worker_errors == 1; });
  CHECK(service.shared().error_number == 3);
  service.signal(SIGTERM);
  service.signal(SIGINT);
  CHECK(service.wait() == 0);
  CHECK(service.shared().worker_errors == 1);
  CHECK(service.shared().worker_stops == 0);
}

TEST_CASE("process/lifecycle: a reload that fails has begun, and its worker is an error") {
  Service service;
  service.up();
  service.shared().fails_to_start = true;
  CHECK_FALSE(service.command("reload").ok);
  CHECK(service.shared().reloads == 1);
  CHECK(service.shared().worker_errors >= 1);
  CHECK(service.shared().error_status == 1 << 8);
}

TEST_CASE("process/lifecycle: a worker that has answered enough is replaced by one that is ready first") {
  oklo::MasterOptions options;
  options.workers = 1;
  options.policy.max_requests = 5;
  Service service(options);
  service.up();
  int before = service.worker(1);
  Service::until([&] {
    int pid = service.ask();
    CHECK(pid != 0);
    return pid != before;
  });
  Service::until([&] { return log_holds(service, " leaves after "); });
  CHECK(service.shared().worker_errors == 0);
  CHECK(service.status_has("\"generation\":1,\"reloads\":0,"));
}

TEST_CASE("process/lifecycle: a worker serves on when its successor can't start") {
  oklo::MasterOptions options;
  options.workers = 1;
  options.policy.max_requests = 1;
  Service service(options);
  service.up();
  int before = service.worker(1);
  service.shared().fails_to_start = true;
  CHECK(service.ask() == before);
  CHECK(service.ask() == before);
  Service::until([&] { return service.shared().worker_errors > 0; });
  CHECK(service.ask() == before);
  service.shared().fails_to_start = false;
  Service::until([&] { return service.ask() != before; });
}

TEST_CASE("process/lifecycle: a worker that is stuck is told of once, with its stack") {
  if (emulated() || !kSignalsArePrompt) return;
  oklo::MasterOptions options;
  options.policy.watchdog_ms = 20;
  Service service(options);
  service.up();
  oklo::sys::Fd client = service.connect('w');
  Service::until([&] { return log_holds(service, "]: its stack, of the program at 0x"); });
  CHECK(log_holds(service, " is stuck in one turn for "));
  service.open_gate();
  int pid = 0;
  CHECK(read(client.get(), &pid, sizeof pid) == sizeof pid);
  CHECK(service.shared().worker_errors == 0);
}

TEST_CASE("process/lifecycle: a worker that is stuck is replaced where that is wanted") {
  if (emulated()) return;
  oklo::MasterOptions options;
  options.policy.watchdog_ms = 20;
  options.policy.watchdog_replaces = true;
  Service service(options);
  service.up();
  oklo::sys::Fd client = service.connect('w');
  Service::until([&] { return service.shared().worker_errors == 1; });
  CHECK(service.shared().error_status == SIGKILL);
  Service::until([&] { return service.shared().worker_starts == 4; });
  CHECK(log_holds(service, ": it was stuck in one turn for "));
}

TEST_CASE("process/lifecycle: the master's message comes to the worker that it is for") {
  oklo::MasterOptions options;
  options.messages = true;
  Service service(options);
  service.up();
  Service::until([&] { return service.shared().messages == 1; });
  CHECK(service.shared().message_from == 0);
  CHECK(service.shared().message_to == 2);
}

TEST_CASE("process/lifecycle: a signal is heard in the master, or in every worker") {
  oklo::MasterOptions options;
  options.signals = {{SIGURG, false}, {SIGRTMIN + 3, true}};
  Service service(options);
  service.up();
  service.signal(SIGURG);
  Service::until([&] { return service.shared().signals_in_master == 1; });
  service.signal(SIGRTMIN + 3);
  Service::until([&] { return service.shared().signals_in_workers == 3; });
  kill(service.worker(1), SIGRTMIN + 3);
  Service::until([&] { return service.shared().signals_in_workers == 4; });
  CHECK(service.shared().signals_in_master == 1);
}

TEST_CASE("process/lifecycle: a signal that oklo needs itself is not free") {
  for (int number : {SIGTERM, SIGCHLD, SIGKILL, SIGRTMIN + 1, 0, -1}) {
    oklo::MasterOptions options;
    options.signals = {{number, false}};
    Service service(options);
    CHECK(service.start().wait() == 100);
    CHECK(log_holds(service, " is not free for on_signal\n"));
  }
}

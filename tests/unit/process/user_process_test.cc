// Processes of the program's own, beside the workers.

#include <doctest/doctest.h>

#include <signal.h>

#include <string>

#include "emulated.h"
#include "process/service.h"

namespace {

using oklo::ProcessRestart;

oklo::MasterOptions with_process(ProcessRestart restart = ProcessRestart::always) {
  oklo::MasterOptions options;
  options.workers = 2;
  options.processes = {{"ticker", restart}};
  return options;
}

bool log_holds(Service& service, std::string_view part) {
  return service.log().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("process/user_process: it begins when all are ready, and leaves when it is told to") {
  oklo::MasterOptions options = with_process();
  options.processes.push_back({"other", ProcessRestart::always});
  Service service(options);
  service.up();
  Service::until([&] { return service.shared().begun == 2; });
  CHECK(service.shared().worker_starts == 2);
  CHECK(service.process("ticker", 3) > 0);
  CHECK(service.process("other", 4) > 0);
  CHECK(service.command("stop").ok);
  CHECK(service.wait() == 0);
  CHECK(service.all_gone());
  CHECK(service.shared().ended == 2);
  CHECK(service.shared().worker_stops == 2);
  CHECK(service.shared().worker_errors == 0);
}

TEST_CASE("process/user_process: one that dies is replaced, and is no error of a worker") {
  Service service(with_process());
  service.up();
  Service::until([&] { return service.shared().begun == 1; });
  int before = service.process("ticker", 3);
  kill(before, SIGKILL);
  Service::until([&] { return service.shared().begun == 2; });
  CHECK(service.process("ticker", 3) != before);
  CHECK(service.status_has("\"restarts\":1"));
  CHECK(service.shared().worker_errors == 0);
  CHECK(service.shared().worker_starts == 2);
}

TEST_CASE("process/user_process: one that dies again and again is waited for longer and longer") {
  Service service(with_process());
  service.shared().process_exits_with = 0;
  service.up();
  Service::until([&] { return log_holds(service, "exited with 0; the next one starts in 200 ms"); });
  service.shared().process_exits_with = -1;
  CHECK(service.ask() != 0);
  CHECK(service.command("health").ok);
}

TEST_CASE("process/user_process: or is not started again, but by a reload") {
  Service service(with_process(ProcessRestart::on_failure));
  service.shared().process_exits_with = 0;
  service.up();
  Service::until([&] { return service.status_has("\"state\":\"over\""); });
  CHECK(log_holds(service, "ticker (pid "));
  CHECK(log_holds(service, "exited with 0; it is not started again"));
  service.shared().process_exits_with = -1;
  CHECK(service.command("reload").ok);
  Service::until([&] { return service.shared().begun == 2; });
  CHECK(service.shared().begun_generation == 2);
  CHECK_FALSE(service.status_has("over"));
}

TEST_CASE("process/user_process: a reload that fails has not let the new one begin") {
  Service service(with_process());
  service.up();
  Service::until([&] { return service.shared().begun == 1; });
  int before = service.process("ticker", 3);
  service.shared().fails_to_start = true;
  CHECK_FALSE(service.command("reload").ok);
  service.shared().fails_to_start = false;
  CHECK(service.shared().begun == 1);
  CHECK(service.shared().ended == 0);
  CHECK(service.command("reload").ok);
  Service::until([&] { return service.shared().begun == 2 && service.shared().ended == 1; });
  CHECK(service.shared().begun_generation == 3);
  Service::until([&] { return service.process("ticker", 3) != before; });
}

TEST_CASE("process/user_process: one that does not leave is killed, after a reload and at a stop") {
  oklo::MasterOptions options = with_process();
  options.shutdown_timeout_ms = 100;
  Service service(options);
  service.shared().process_never_leaves = true;
  service.up();
  CHECK(service.command("reload").ok);
  Service::until([&] { return log_holds(service, "generation 1) did not leave in time, it is killed"); });
  service.signal(SIGQUIT);
  CHECK(service.wait() == 0);
  CHECK(service.all_gone());
  CHECK(log_holds(service, "generation 2) did not leave in time, it is killed"));
}

TEST_CASE("process/user_process: messages reach it under its number") {
  oklo::MasterOptions options;
  options.workers = 1;
  options.messages = true;
  options.processes = {{"ticker", ProcessRestart::always}};
  Service service(options);
  service.up();
  Service::until([&] { return service.shared().messages == 1; });
  CHECK(service.shared().message_from == 0);
  CHECK(service.shared().message_to == 2);
}

TEST_CASE("process/user_process: a signal for the workers is for it, too") {
  oklo::MasterOptions options = with_process();
  options.signals = {{SIGRTMIN + 3, true}};
  Service service(options);
  service.up();
  service.signal(SIGRTMIN + 3);
  Service::until([&] { return service.shared().signals_in_workers == 3; });
  CHECK(service.shared().signals_in_master == 0);
}

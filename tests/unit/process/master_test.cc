#include "process/master.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
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

}  // namespace

TEST_CASE("process/master: comes up, tells of itself, and stops when it is told to") {
  oklo::MasterOptions options;
  TempDir place;
  options.pid_file = place / "pid";
  Service service(options);
  service.up();
  CHECK(service.command("health").ok);
  CHECK(count(service.status(), "\"state\":\"ready\"") == 3);
  CHECK(holds(service.command("status").text, "generation 1,"));
  CHECK_FALSE(service.command("dance").ok);
  CHECK(oklo::sys::read_file(options.pid_file, 100).value() == std::to_string(service.pid()) + "\n");
  struct stat control = {};
  CHECK(stat((service.directory() / "control").c_str(), &control) == 0);
  CHECK((control.st_mode & 0777) == 0600);
  CHECK(service.command("stop").ok);
  CHECK(service.wait() == 0);
  CHECK(service.all_gone());
  CHECK_FALSE(oklo::sys::read_file(options.pid_file, 100).ok());
  CHECK(stat((service.directory() / "control").c_str(), &control) != 0);
}

TEST_CASE("process/master: a dead worker is replaced, and no connection is lost") {
  Service service;
  service.up();
  int before = service.worker(2);
  kill(before, SIGKILL);
  for (int i = 0; i < 50; i++) CHECK(service.ask() != 0);
  Service::until([&] { return service.status_has("\"restarts\":1"); });
  Service::until([&] { return count(service.status(), "\"state\":\"ready\"") == 3; });
  CHECK(service.worker(2) != before);
  CHECK(holds(service.log(), "was killed by signal 9; starting another"));
}

TEST_CASE("process/master: neighbours serve for a worker that dies again and again") {
  Service service;
  service.up();
  service.shared().dies_in_slot = 1;
  kill(service.worker(2), SIGKILL);
  Service::until([&] { return service.status_has("\"state\":\"back-off\""); });
  CHECK(service.shared().starts < 3 + 8);
  for (int i = 0; i < 50; i++) CHECK(service.ask() != 0);
  CHECK(service.command("health").ok);
  CHECK(holds(service.log(), "exited with 7; the next one starts in 100 ms"));
}

TEST_CASE("process/master: with no other worker the wait for the next one is short") {
  oklo::MasterOptions options;
  options.workers = 1;
  Service service(options);
  service.up();
  service.shared().dies_in_slot = 0;
  kill(service.worker(1), SIGKILL);
  Service::until([&] { return service.shared().starts > 8; });
  service.shared().dies_in_slot = -1;
  CHECK(service.ask() != 0);
  CHECK_FALSE(holds(service.log(), "starts in 200 ms"));
}

TEST_CASE("process/master: neighbours serve for a worker that is stopped") {
  if (emulated()) return;
  Service service;
  service.up();
  int stopped = service.worker(1);
  kill(stopped, SIGSTOP);
  for (int i = 0; i < 50; i++) {
    int pid = service.ask();
    CHECK(pid != 0);
    CHECK(pid != stopped);
  }
  CHECK(service.status_has("\"state\":\"stopped\""));
  kill(stopped, SIGCONT);
  Service::until([&] { return service.ask() == stopped; });
}

TEST_CASE("process/master: neighbours serve for a worker that hangs, also for the neighbour") {
  if (emulated()) return;
  Service service;
  service.up();
  oklo::sys::Fd first = service.connect('w');
  for (int i = 0; i < 50; i++) CHECK(service.ask() != 0);
  oklo::sys::Fd second = service.connect('w');
  for (int i = 0; i < 50; i++) CHECK(service.ask() != 0);
  CHECK(count(service.status(), "\"state\":\"late\"") == 2);
  CHECK(service.command("health").ok);
  service.open_gate();
  std::set<int> answered;
  Service::until([&] {
    answered.insert(service.ask());
    return answered.size() == 3;
  });
  Service::until([&] { return count(service.status(), "\"state\":\"late\"") == 0; });
}

TEST_CASE("process/master: status and health are told while every worker is stopped") {
  if (emulated()) return;
  Service service;
  service.up();
  for (unsigned i = 1; i <= 3; i++) kill(service.worker(i), SIGSTOP);
  Service::until([&] { return !service.command("health").ok; });
  CHECK(count(service.status(), "\"state\":\"stopped\"") == 3);
  CHECK(service.command("stop").ok);
  CHECK(service.wait() == 0);
}

TEST_CASE("process/master: a reload puts new workers in the place of the old") {
  Service service;
  service.up();
  int before = service.worker(1);
  CHECK(service.command("reload").text == "generation 2 is ready\n");
  Service::until([&] { return count(service.status(), "\"state\":") == 3; });
  CHECK(service.status_has("\"generation\":2,\"reloads\":1,"));
  CHECK(service.worker(1) != before);
  CHECK(service.ask() != 0);
  service.signal(SIGHUP);
  Service::until([&] { return service.status_has("\"reloads\":2,"); });
}

TEST_CASE("process/master: a reload that fails leaves the old workers alone and tells why") {
  Service service;
  service.up();
  int before = service.worker(1);
  service.shared().fails_to_start = true;
  oklo::ControlAnswer answer = service.command("reload");
  CHECK_FALSE(answer.ok);
  CHECK(holds(answer.text, "exited with 1: the test wants it so"));
  service.shared().fails_to_start = false;
  service.shared().fails_to_prepare = true;
  answer = service.command("reload");
  CHECK(answer.text == "there is no such test\n");
  CHECK(service.worker(1) == before);
  CHECK(service.ask() != 0);
  CHECK(service.status_has("\"generation\":1,\"reloads\":0,\"reloads_failed\":2,"));
  service.shared().fails_to_prepare = false;
  CHECK(service.command("reload").ok);
}

TEST_CASE("process/master: at most four generations drain at once") {
  Service service;
  service.up();
  service.shared().never_drains = true;
  for (int i = 0; i < 4; i++) CHECK(service.command("reload").ok);
  CHECK(service.status_has("\"generations_ended\":0"));
  Service::until([&] { return count(service.status(), "\"state\":\"draining\"") == 12; });
  CHECK(service.command("reload").ok);
  CHECK(service.status_has("\"generations_ended\":1"));
  Service::until([&] { return count(service.status(), "\"state\":\"draining\"") == 12; });
  CHECK(holds(service.log(), "ending generation 1: "));
}

TEST_CASE("process/master: a first generation that fails is the end, with the reason and no trace") {
  Service service;
  service.shared().fails_to_start = true;
  service.start();
  CHECK(service.wait() == 1);
  CHECK(service.all_gone());
  CHECK(holds(service.log(), "oklo: the service did not come up: worker "));
  CHECK(holds(service.log(), "the test wants it so\n"));
  struct stat control = {};
  CHECK(stat((service.directory() / "control").c_str(), &control) != 0);
}

TEST_CASE("process/master: an error before the first fork is one line") {
  Service service;
  service.shared().fails_to_prepare = true;
  service.start();
  CHECK(service.wait() == 100);
  CHECK(service.log() == "oklo: there is no such test; check the path\n");
}

TEST_CASE("process/master: an address in use is a temporary failure") {
  Service service;
  service.up();
  oklo::MasterOptions options;
  options.listen.push_back({"127.0.0.1:" + std::to_string(service.shared().port), false});
  Service second(options);
  second.start();
  CHECK(second.wait() == 111);
  CHECK(second.log().starts_with("oklo: cannot listen on 127.0.0.1:"));
  CHECK(count(second.log(), "\n") == 1);
}

TEST_CASE("process/master: a control socket or a pid file of a living oklo is a temporary failure") {
  oklo::MasterOptions options;
  TempDir place;
  options.pid_file = place / "pid";
  Service service(options);
  service.up();
  Service same_pid_file(options);
  CHECK(same_pid_file.start().wait() == 111);
  CHECK(holds(same_pid_file.log(), "is held by process " + std::to_string(service.pid())));
  options.pid_file = "";
  options.control = service.directory() / "control";
  Service same_control(options);
  CHECK(same_control.start().wait() == 111);
  CHECK(count(same_control.log(), "\n") == 1);
  CHECK(service.command("health").ok);
}

TEST_CASE("process/master: workers leave when the master is gone, and a new one starts where it was") {
  Service service;
  service.up();
  service.signal(SIGKILL);
  CHECK(service.wait() == 1000 + SIGKILL);
  CHECK(service.all_gone());
  oklo::MasterOptions options;
  options.control = service.directory() / "control";
  Service second(options);
  second.up();
  CHECK(second.command("health").ok);
}

TEST_CASE("process/master: TERM waits for the workers until the deadline, a second one does not") {
  Service service;
  service.up();
  service.shared().never_drains = true;
  service.signal(SIGTERM);
  Service::until([&] { return !service.command("health").ok; });
  CHECK(service.command("reload").text == "the service is stopping\n");
  Service::until([&] { return count(service.status(), "\"state\":\"draining\"") == 3; });
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(service.all_gone());
}

TEST_CASE("process/master: who does not leave by the deadline is killed") {
  oklo::MasterOptions options;
  options.shutdown_timeout_ms = 20;
  Service service(options);
  service.up();
  service.shared().never_drains = true;
  CHECK(service.command("stop").ok);
  CHECK(service.wait() == 0);
  CHECK(holds(service.log(), "did not leave in time"));
}

TEST_CASE("process/master: QUIT sets no deadline, TERM after it does") {
  oklo::MasterOptions options;
  options.shutdown_timeout_ms = 20;
  Service service(options);
  service.up();
  service.shared().never_drains = true;
  service.signal(SIGQUIT);
  Service::until([&] { return !service.command("health").ok; });
  CHECK(holds(service.log(), "stopping when all is finished"));
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(holds(service.log(), "did not leave in time"));
}

TEST_CASE("process/master: the access log is opened again, in the workers too") {
  oklo::MasterOptions options;
  TempDir place;
  options.access_log = place / "log";
  options.workers = 1;
  Service service(options);
  service.up();
  CHECK(service.ask('l') != 0);
  REQUIRE(rename((place / "log").c_str(), (place / "old").c_str()) == 0);
  CHECK(service.ask('l') != 0);
  CHECK(service.command("reopen").ok);
  auto new_log_is_used = [&] { return oklo::sys::read_file(place / "log", 999)->size() > 0; };
  Service::until([&] { return service.ask('l') != 0 && new_log_is_used(); });
  CHECK(oklo::sys::read_file(place / "old", 999).value().size() >= 10);
  kill(service.worker(1), SIGKILL);
  size_t size = oklo::sys::read_file(place / "log", 999)->size();
  CHECK(service.ask('l') != 0);
  CHECK(oklo::sys::read_file(place / "log", 999)->size() == size + 5);
}

TEST_CASE("process/master: without a log file there is nothing to open again") {
  Service service;
  service.up();
  CHECK_FALSE(service.command("reopen").ok);
}

TEST_CASE("process/master: a client of the control socket that says nothing or too much harms nobody") {
  Service service;
  service.up();
  auto address = oklo::sys::Address::parse("unix:" + (service.directory() / "control")).value();
  std::vector<oklo::sys::Fd> silent;
  for (int i = 0; i < 20; i++) silent.push_back(oklo::sys::connect_to(address).value());
  std::string flood(4096, 'x');
  (void)!write(silent[0].get(), flood.data(), flood.size());
  char byte;
  CHECK(read(silent[0].get(), &byte, 1) <= 0);
  CHECK(service.command("health").ok);
  silent.clear();
  CHECK(service.command("stop").ok);
  CHECK(service.wait() == 0);
}

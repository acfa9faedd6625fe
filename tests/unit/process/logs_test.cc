#include "process/logs.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <unistd.h>

#include "child.h"
#include "local_receiver.h"
#include "net/turns.h"
#include "process/tree.h"
#include "sys/file.h"
#include "temp_dir.h"

using oklo::Logs;

namespace {

std::string text_of(const std::string& path) {
  auto text = oklo::sys::read_file(path, 1 << 16);
  return text ? *text : "nothing";
}

// How often something was not so.
struct Checks {
  int failed = 0;
  void operator()(bool ok) { failed += !ok; }
};

// Logs in a process of its own, whose stderr is the file "first".
bool all_is_so(void (*body)(Checks& check, Logs& logs, const TempDir& temp, Turns& turns)) {
  TempDir temp;
  temp.file("first", "");
  return in_child([&] {
    dup2(open((temp / "first").c_str(), O_WRONLY | O_APPEND), 2);
    Checks check;
    Turns turns;
    Logs logs(*turns.reactor);
    body(check, logs, temp, turns);
    return check.failed;
  }) == 0;
}

void say(int fd, const std::string& text) { (void)!write(fd, text.data(), text.size()); }

}  // namespace

TEST_CASE("process/logs: by default stderr is the error log, and there is no access log") {
  CHECK(all_is_so([](Checks& check, Logs& logs, const TempDir& temp, Turns&) {
    check(logs.open("stderr", "off").ok());
    say(logs.error().fd, "a line\n");
    logs.take_stderr();
    check(logs.error().fd == 2 && logs.error().priority == 0);
    say(2, "another\n");
    check(text_of(temp / "first") == "a line\nanother\n");
    check(!logs.access());
    auto reopened = logs.reopen();
    check(!reopened && reopened.error().text == "there is no log file to open again");
    check(logs.open("stderr", "stderr").ok());
    say(logs.access().fd, "an answer\n");
    check(text_of(temp / "first").ends_with("an answer\n"));
  }));
}

TEST_CASE("process/logs: an error log takes the place of stderr, which the access log may still be") {
  CHECK(all_is_so([](Checks& check, Logs& logs, const TempDir& temp, Turns&) {
    check(logs.open(temp / "error", "stderr").ok());
    say(2, "a failure\n");
    say(logs.error().fd, "a line\n");
    logs.take_stderr();
    check(logs.error().fd == 2);
    say(2, "a crash\n");
    say(logs.access().fd, "an answer\n");
    check(text_of(temp / "error") == "a line\na crash\n");
    check(text_of(temp / "first") == "a failure\nan answer\n");
    check(logs.open("stderr", "off").ok());
    say(2, "again\n");
    check(text_of(temp / "first").ends_with("again\n"));
    check(logs.open("off", "off").ok());
    say(2, "nobody hears\n");
    check(!text_of(temp / "first").ends_with("hears\n"));
  }));
}

TEST_CASE("process/logs: files that were moved away are opened anew, both or none") {
  CHECK(all_is_so([](Checks& check, Logs& logs, const TempDir& temp, Turns&) {
    temp.directory("logs");
    check(logs.open(temp / "error", temp / "logs/access").ok());
    logs.take_stderr();
    say(2, "one\n");
    rename((temp / "error").c_str(), (temp / "error.1").c_str());
    rename((temp / "logs/access").c_str(), (temp / "access.1").c_str());
    check(logs.reopen().ok());
    say(2, "two\n");
    say(logs.access().fd, "answer\n");
    check(text_of(temp / "error.1") == "one\n" && text_of(temp / "error") == "two\n");
    check(text_of(temp / "logs/access") == "answer\n");
    rename((temp / "logs").c_str(), (temp / "gone").c_str());
    rename((temp / "error").c_str(), (temp / "error.2").c_str());
    auto reopened = logs.reopen();
    check(!reopened && reopened.error().number == ENOENT);
    check(!reopened && reopened.error().text.ends_with("the old log goes on"));
    say(2, "three\n");
    say(logs.access().fd, "more\n");
    check(text_of(temp / "error.2") == "two\nthree\n");
    check(text_of(temp / "gone/access") == "answer\nmore\n");
  }));
}

TEST_CASE("process/logs: what can't be opened is an error and changes nothing") {
  CHECK(all_is_so([](Checks& check, Logs& logs, const TempDir& temp, Turns&) {
    for (const std::string& bad : {temp / "no/file", std::string("syslog:kern"),
                                   "syslog:" + (temp / "nobody")}) {
      check(!logs.open(bad, "off"));
      check(!logs.open("stderr", bad));
    }
    check(logs.open("syslog:" + (temp / "nobody"), "off").error().text ==
          "cannot reach the syslog daemon at " + (temp / "nobody") + ": No such file or directory");
    check(!logs.access());
  }));
}

TEST_CASE("process/logs: syslog, and a daemon that begins anew is found again") {
  CHECK(all_is_so([](Checks& check, Logs& logs, const TempDir& temp, Turns& turns) {
    std::string place = temp / "log";
    auto daemon = std::make_unique<LocalReceiver>(place);
    check(logs.open("syslog:" + place, "syslog:local1:" + place).ok());
    logs.take_stderr();
    check(logs.error().fd == 2 && logs.error().priority == 29);
    check(logs.access().priority == 17 * 8 + 6);
    check(logs.error().write("error\n") > 0 && daemon->heard().starts_with("<29>"));
    check(logs.access().write("access\n") > 0 && daemon->heard().starts_with("<142>"));
    daemon = nullptr;
    check(logs.error().write("lost\n") < 0);
    check(logs.access().write("lost\n") < 0);
    daemon = std::make_unique<LocalReceiver>(place);
    turns.wait_until([&] { return logs.error().write("again\n") > 0 && logs.access().write("again\n") > 0; });
    check(daemon->heard().ends_with("again"));
  }));
}

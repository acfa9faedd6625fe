#include "cli/commands.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>

#include "base/embedded.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "temp_dir.h"

using namespace oklo;
using cli::Command;

namespace {

struct Outcome {
  int code = -1;
  std::string out, err;
};

// A command line in a process of its own, whose working directory is empty.
class Running {
 public:
  explicit Running(const std::vector<std::string_view>& words) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    pid_ = fork();
    if (pid_ < 0) abort();
    if (pid_ == 0) run(words, ends[1]);
    close(ends[1]);
    err_.reset(ends[0]);
  }

  void signal(int number) { kill(pid_, number); }
  // Waits until it has said a line on stderr, or has ended.
  void wait_for_line() {
    while (!outcome_.err.ends_with('\n') && read_error()) {}
  }
  Outcome wait() {
    while (read_error()) {}
    int status = 0;
    waitpid(pid_, &status, 0);
    outcome_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    outcome_.out = sys::read_file(directory_ / "out", 1 << 20).value();
    return outcome_;
  }

 private:
  [[noreturn]] void run(const std::vector<std::string_view>& words, int error) {
    directory_.file("out", "");
    int out = open((directory_ / "out").c_str(), O_WRONLY);
    std::string empty = directory_ / "work";
    directory_.directory("work");
    if (dup2(out, 1) < 0 || dup2(error, 2) < 0 || chdir(empty.c_str()) != 0) abort();
    close(error);
    setenv("XDG_RUNTIME_DIR", empty.c_str(), 1);
    _exit(cli::run_command_line(words));
  }
  bool read_error() {
    char room[4096];
    ssize_t n = read(err_.get(), room, sizeof room);
    if (n > 0) outcome_.err.append(room, static_cast<size_t>(n));
    return n > 0;
  }

  TempDir directory_;
  sys::Fd err_;
  Outcome outcome_;
  pid_t pid_ = 0;
};

Outcome run(const std::vector<std::string_view>& words) { return Running(words).wait(); }

// Wrong usage: one line on stderr, nothing on stdout.
std::string refused(const std::vector<std::string_view>& words, int code = cli::kUsage) {
  Outcome outcome = run(words);
  CHECK(outcome.code == code);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("oklo: "));
  CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
  return outcome.err;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("cli/commands: every command has one name, a help and something to run") {
  std::set<std::string_view> names;
  for (const Command& command : cli::commands()) {
    CHECK(names.insert(command.name).second);
    CHECK(!command.help.empty());
    CHECK((command.run != nullptr));
    CHECK(cli::find_command(command.name) == &command);
  }
  CHECK(cli::find_command("") == nullptr);
  CHECK(cli::find_command("serv") == nullptr);
}

TEST_CASE("cli/commands: no word, help, --help and -h are the overview") {
  Outcome overview = run({});
  CHECK(overview.code == cli::kDone);
  CHECK(overview.err.empty());
  for (const Command& command : cli::commands()) CHECK(holds(overview.out, command.name));
  for (std::string_view word : {"help", "--help", "-h"}) CHECK(run({word}).out == overview.out);
}

TEST_CASE("cli/commands: --help and -h behind a command are the help on it, and start nothing") {
  for (const Command& command : cli::commands()) {
    CAPTURE(command.name);
    Outcome help = run({"help", command.name});
    CHECK(run({command.name, "--help"}).out == help.out);
    CHECK(run({command.name, "a word", "-h", "--nonsense"}).out == help.out);
  }
  CHECK(run({"init-script", "systemd", "--", "serve", "--help"}).out != run({"help", "init-script"}).out);
}

TEST_CASE("cli/commands: version and --version") {
  Outcome outcome = run({"version"});
  CHECK(outcome.code == cli::kDone);
  CHECK(outcome.out.starts_with("oklo " + std::string(version()) + " "));
  CHECK(outcome.out.ends_with("\n"));
  CHECK(run({"--version"}).out == outcome.out);
}

TEST_CASE("cli/commands: help for each command tells its flags, and only those") {
  for (const Command& command : cli::commands()) {
    CAPTURE(command.name);
    Outcome outcome = run({"help", command.name});
    CHECK(outcome.code == cli::kDone);
    CHECK(outcome.out.starts_with("usage: oklo " + std::string(command.name)));
    CHECK(holds(outcome.out, command.help));
    CHECK(holds(outcome.out, command.arguments));
    for (const cli::Flag& flag : cli::flags()) {
      std::string row = "\n  " + std::string(flag.name) + " " + std::string(flag.argument);
      CHECK(holds(outcome.out, row) == ((flag.commands & command.kinds) != 0));
    }
  }
}

TEST_CASE("cli/commands: every manual page in the binary can be read") {
  int pages = 0;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with("man/")) continue;
    pages++;
    Outcome outcome = run({"help", file.name.substr(4)});
    CHECK_MESSAGE(outcome.code == cli::kDone, file.name);
    CHECK(outcome.out.size() > 500);
    CHECK(outcome.err.empty());
  }
  CHECK(pages > 0);
}

TEST_CASE("cli/commands: a command that is not known names the nearest, or none") {
  CHECK(holds(refused({"serv"}), "unknown command serv; did you mean serve?"));
  CHECK(holds(refused({"statsu"}), "did you mean status?"));
  CHECK(!holds(refused({"frobnicate"}), "did you mean"));
  CHECK(holds(refused({""}), "unknown command"));
  CHECK(holds(refused({"help", "frobnicate"}), "no help on frobnicate"));
}

TEST_CASE("cli/commands: wrong flags and too many words are told") {
  CHECK(holds(refused({"serve", "--wokers=2"}), "did you mean --workers?"));
  CHECK(holds(refused({"demo", "--workers", "none"}), "bad value \"none\" for --workers"));
  for (const Command& command : cli::commands()) {
    CAPTURE(command.name);
    std::vector<std::string_view> words(command.words_max + 2, "word");
    words[0] = command.name;
    CHECK(holds(refused(words), "too many words"));
  }
}

TEST_CASE("cli/commands: serve takes one address and one directory") {
  CHECK(holds(refused({"serve", ":1", ":2"}), "two addresses"));
  CHECK(holds(refused({"serve", "unix:/a/b", "8080"}), "two addresses"));
  CHECK(holds(refused({"serve", "./a", "b/"}), "two directories"));
  CHECK(holds(refused({"serve", ".", ".."}), "two directories"));
  CHECK(holds(refused({"serve", "127.0.0.1:port", "--control=off"}), "127.0.0.1:port"));
}

TEST_CASE("cli/commands: serve and demo fail with one line when they cannot start") {
  CHECK(holds(refused({"serve", "127.0.0.1:0", "./nowhere", "--control=off"}), "nowhere"));
  CHECK(holds(refused({"serve", "./nowhere", "127.0.0.1:0", "--control=off"}), "nowhere"));
  sys::Fd taken = sys::listen_on(sys::Address::parse("127.0.0.1:0").value(), {}).value();
  std::string address = sys::local_address(taken.get()).value().to_string();
  CHECK(holds(refused({"demo", address, "--control=off"}, 111), address));
  CHECK(holds(refused({"demo", "127.0.0.1:0", "--echo", address, "--control=off"}, 111), address));
  CHECK(holds(refused({"demo", "127.0.0.1:0", "--echo=nowhere", "--control=off"}), "nowhere"));
  CHECK(holds(refused({"demo", "127.0.0.1:0", "--echo=unix:/a", "--control=off"}), "a port, or off"));
}

TEST_CASE("cli/commands: serve takes address and directory in any order, and says what it does") {
  const std::vector<std::string_view> ways[] = {
      {"127.0.0.1:0", "."}, {".", "127.0.0.1:0"}, {"127.0.0.1:0"}};
  for (std::vector<std::string_view> words : ways) {
    words.insert(words.begin(), "serve");
    for (std::string_view flag : {"--workers=1", "--control=off"}) words.push_back(flag);
    Running service(words);
    service.wait_for_line();
    service.signal(SIGTERM);
    Outcome outcome = service.wait();
    CHECK(outcome.code == cli::kDone);
    CHECK(holds(outcome.err, "oklo: serving . on 127.0.0.1:"));
  }
}

TEST_CASE("cli/commands: check and start tell what is wrong with a file, and exit with 100") {
  TempDir directory;
  directory.file("bad", "wokers 2\nlisten tcp :0 { echo }\n");
  std::string path = directory / "bad";
  for (std::string_view name : {"check", "start"}) {
    Outcome outcome = run({name, "-c", path});
    CHECK(outcome.code == cli::kUsage);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == path + ":1:1: unknown directive wokers; did you mean workers?\n"
                                "    wokers 2\n    ^\n");
    CHECK(run({name, "-c", directory / "none"}).code == cli::kUsage);
  }
  directory.file("good", "listen tcp 127.0.0.1:0 { echo }\nuser 65534\n");
  Outcome good = run({"check", "-c", directory / "good"});
  CHECK(good.code == cli::kDone);
  CHECK(good.out == (directory / "good") + " is right: 1 listener\n");
}

TEST_CASE("cli/commands: start says where it listens") {
  TempDir directory;
  directory.file("conf", "listen tcp 127.0.0.1:0 { echo }\nworkers 1\nuser 65534\n");
  Running service({"start", "-c", directory / "conf", "--control", "off"});
  service.wait_for_line();
  service.signal(SIGTERM);
  Outcome outcome = service.wait();
  CHECK(outcome.code == cli::kDone);
  CHECK_MESSAGE(holds(outcome.err, "oklo: listening on 127.0.0.1:"), outcome.err);
}

TEST_CASE("cli/commands: the completion knows all commands, flags and directives") {
  Outcome outcome = run({"completion", "bash"});
  CHECK(outcome.code == cli::kDone);
  for (const Command& command : cli::commands()) CHECK(holds(outcome.out, command.name));
  for (const cli::Flag& flag : cli::flags()) CHECK(holds(outcome.out, flag.name));
  CHECK(holds(outcome.out, "*:--mode) words=\"base process\" ;;"));
  CHECK(holds(outcome.out, "*:--access-log) words=\"stderr off syslog\" ;;"));
  CHECK(holds(outcome.out, " slow_receiver "));
  CHECK(holds(refused({"completion"}), "oklo completion bash"));
  CHECK(holds(refused({"completion", "fish"}), "oklo completion bash"));
}

TEST_CASE("cli/commands: a command to a service that does not run fails") {
  for (std::string_view name : {"stop", "reload", "reopen", "status", "health"}) {
    std::string text = refused({name, "--control", "./nothing"}, cli::kFailed);
    CHECK(holds(text, "./nothing"));
  }
}

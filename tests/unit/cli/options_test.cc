#include "cli/options.h"

#include <doctest/doctest.h>

#include <string>

#include "cli/commands.h"

using namespace oklo;
using cli::Command;
using cli::Flag;
using cli::Options;

namespace {

Result<Options> parse(std::string_view command, const std::vector<std::string_view>& words) {
  return cli::parse_options(command, cli::find_command(command)->kinds, words);
}

std::string error(std::string_view command, const std::vector<std::string_view>& words) {
  Result<Options> options = parse(command, words);
  return options ? "(none)" : options.error().text;
}

// A value that the flag takes; empty where it has none.
std::string_view value_of(const Flag& flag) {
  if (flag.argument.empty()) return "";
  if (flag.argument == "N|auto" || flag.argument == "SECONDS" || flag.argument == "N") return "7";
  if (flag.argument == "TIME" || flag.argument == "SIZE") return flag.argument == "TIME" ? "7s" : "7k";
  if (flag.argument == "FIELD") return "A:b";
  if (flag.argument == "LIST") return "1,10,100";
  if (flag.argument == "base|process") return "process";
  return flag.argument.find("on|off") == 0 ? "on" : flag.argument == "common|json" ? "json" : "a/value";
}

bool knows(const Command& command, const Flag& flag) { return (command.kinds & flag.commands) != 0; }

// How many flags of that name the command knows: two commands may have different ones.
int count_known(const Command& command, std::string_view name) {
  int count = 0;
  for (const Flag& flag : cli::flags()) count += flag.name == name && knows(command, flag);
  return count;
}

}  // namespace

TEST_CASE("cli/options: each command takes its flags, in both forms, and no others") {
  for (const Command& command : cli::commands())
    for (const Flag& flag : cli::flags()) {
      CAPTURE(command.name);
      CAPTURE(flag.name);
      CHECK(count_known(command, flag.name) <= 1);
      if (!knows(command, flag) && count_known(command, flag.name) == 1) continue;
      std::string_view value = value_of(flag);
      std::vector<std::string_view> words = {flag.name};
      if (!flag.argument.empty()) words.push_back(value);
      CHECK(parse(command.name, words).ok() == knows(command, flag));
      if (flag.argument.empty()) continue;
      std::string joined = std::string(flag.name) + "=" + std::string(value);
      CHECK(parse(command.name, {joined}).ok() == knows(command, flag));
    }
}

TEST_CASE("cli/options: every flag has a name with dashes and a help, and is known to some command") {
  for (const Flag& flag : cli::flags()) {
    CHECK(flag.name.starts_with("-"));
    CHECK(!flag.help.empty());
    CHECK((flag.set != nullptr));
    bool known = false;
    for (const Command& command : cli::commands()) known = known || knows(command, flag);
    CHECK(known);
  }
}

TEST_CASE("cli/options: what the flags of a server mean") {
  Options options = parse("serve", {"--workers", "3", "--listing", "on", "--access-log", "/var/log/a",
                                    "--access-log-format", "json", "--user", "www", "--control", "/run/c",
                                    "--pid-file", "/run/p", "--shutdown-timeout", "5", "-d",
                                    "--mode", "process", "--reactor-threads", "2"}).value();
  CHECK(options.server.mode == ServerMode::process);
  CHECK(options.server.reactor_threads == 2);
  CHECK(options.server.workers == 3);
  CHECK(options.listing);
  CHECK(options.server.access_log == "/var/log/a");
  CHECK(options.server.access_log_format == LogFormat::json);
  CHECK(options.server.user == "www");
  CHECK(options.server.control == "/run/c");
  CHECK(options.server.pid_file == "/run/p");
  CHECK(options.server.shutdown_timeout_ms == 5000);
  CHECK(options.server.daemon);
  CHECK(options.words.empty());
}

TEST_CASE("cli/options: without flags all is as ServerOptions has it") {
  Options options = parse("serve", {}).value();
  ServerOptions plain;
  CHECK(options.server.workers == plain.workers);
  CHECK(options.server.mode == plain.mode);
  CHECK(options.server.reactor_threads == plain.reactor_threads);
  CHECK(options.server.access_log == plain.access_log);
  CHECK(options.server.access_log_format == plain.access_log_format);
  CHECK(options.server.shutdown_timeout_ms == plain.shutdown_timeout_ms);
  CHECK(!options.server.daemon);
  CHECK(options.server.user.empty());
  CHECK(options.server.control.empty());
  CHECK(options.server.pid_file.empty());
  CHECK(!options.listing);
  CHECK(!options.json);
}

TEST_CASE("cli/options: the flags of commands to a running server") {
  Options options = parse("status", {"--json", "--control=/run/c"}).value();
  CHECK(options.json);
  CHECK(options.server.control == "/run/c");
  CHECK(error("stop", {"--json"}).starts_with("unknown flag --json"));
}

TEST_CASE("cli/options: where the demo echoes") {
  CHECK(parse("demo", {}).value().echo.empty());
  CHECK(parse("demo", {"--echo", ":9501"}).value().echo == ":9501");
  CHECK(error("demo", {"--echo="}).starts_with("bad value \"\" for --echo: it takes ADDRESS|off"));
  CHECK(error("serve", {"--echo", "off"}).starts_with("unknown flag --echo"));
}

TEST_CASE("cli/options: words and flags in any order") {
  const std::vector<std::vector<std::string_view>> ways = {
      {"a", "b", "--workers", "2", "-d"}, {"--workers", "2", "a", "-d", "b"}, {"-d", "--workers=2", "a", "b"},
      {"a", "--workers=2", "b", "-d"},
  };
  for (const auto& words : ways) {
    Options options = parse("serve", words).value();
    CHECK(options.words == std::vector<std::string_view>{"a", "b"});
    CHECK(options.server.workers == 2);
    CHECK(options.server.daemon);
  }
  CHECK(parse("serve", {"-", "a=b", ""}).value().words == std::vector<std::string_view>{"-", "a=b", ""});
}

TEST_CASE("cli/options: of a flag that stands twice the last one counts") {
  CHECK(parse("serve", {"--workers=2", "--workers", "auto"}).value().server.workers == 0);
  CHECK(!parse("serve", {"--listing=on", "--listing=off"}).value().listing);
}

TEST_CASE("cli/options: values at their bounds and beyond") {
  struct { const char* flag; std::vector<std::string_view> good, bad; } cases[] = {
      {"--workers", {"1", "1024", "auto", "007"}, {"", "0", "1025", "-1", "+1", "1.5", "two", "Auto", " 1"}},
      {"--mode", {"base", "process"}, {"", "Base", "gate"}},
      {"--reactor-threads", {"1", "64", "auto"}, {"", "0", "65", "two"}},
      {"--shutdown-timeout", {"1", "604800"}, {"", "0", "604801", "1s", "18446744073709551616"}},
      {"--listing", {"on", "off"}, {"", "yes", "ON", "1"}},
      {"--access-log-format", {"common", "json"}, {"", "JSON", "combined"}},
      {"--access-log", {"off", "stderr", "x", "-"}, {""}},
      {"--error-log", {"off", "stderr", "syslog", "x"}, {""}},
      {"--group", {"adm", "4"}, {""}},
      {"--chroot", {"/srv"}, {""}},
      {"--user", {"0", "nobody"}, {""}},
      {"--control", {"off", "/a b"}, {""}},
      {"--pid-file", {"p"}, {""}},
  };
  for (const auto& c : cases) {
    std::string flag = c.flag;
    for (std::string_view value : c.good) {
      CAPTURE(value);
      CHECK(error("serve", {flag, value}) == "(none)");
    }
    for (std::string_view value : c.bad) {
      CAPTURE(value);
      std::string start = "bad value \"" + std::string(value) + "\" for " + flag + ": it takes ";
      CHECK(error("serve", {flag, value}).starts_with(start));
      std::string joined = flag + "=" + std::string(value);
      CHECK(error("serve", {joined}).starts_with(start));
    }
  }
}

TEST_CASE("cli/options: a value may hold what looks like a flag or another value") {
  CHECK(parse("serve", {"--user", "-d"}).value().server.user == "-d");
  CHECK(!parse("serve", {"--user", "-d"}).value().server.daemon);
  CHECK(parse("serve", {"--control=a=b"}).value().server.control == "a=b");
}

TEST_CASE("cli/options: behind two dashes nothing is a flag") {
  Options options = parse("serve", {"-d", "one", "--", "--listing", "--", "-x"}).value();
  CHECK(options.server.daemon);
  CHECK(options.words == std::vector<std::string_view>{"one", "--listing", "--", "-x"});
  CHECK(parse("serve", {"--"}).value().words.empty());
}

TEST_CASE("cli/options: a value that is missing or too much is told") {
  for (const Flag& flag : cli::flags())
    if ((flag.commands & cli::kServes) && !flag.argument.empty())
      CHECK(error("serve", {flag.name}) ==
            "bad value \"\" for " + std::string(flag.name) + ": it takes " + std::string(flag.argument) +
                " (" + std::string(flag.help) + ")");
  CHECK(error("serve", {"-d=yes"}) == "-d takes no value");
  CHECK(error("serve", {"-d="}) == "-d takes no value");
  CHECK(error("status", {"--json=on"}) == "--json takes no value");
}

TEST_CASE("cli/options: an unknown flag names the nearest that the command knows, and the help") {
  struct { const char* command; const char* flag; const char* near; } cases[] = {
      {"serve", "--worker", "--workers"},     {"serve", "--listings", "--listing"},
      {"serve", "--acces-log", "--access-log"}, {"demo", "--listing", nullptr},
      {"status", "--jsn", "--json"},          {"stop", "--contol=x", "--control"},
      {"serve", "--zzzzzz", nullptr},         {"help", "--json", nullptr},
      {"version", "-d", nullptr},
  };
  for (const auto& c : cases) {
    std::string flag = c.flag;
    std::string text = error(c.command, {flag});
    CAPTURE(text);
    CHECK(text.starts_with("unknown flag " + flag.substr(0, flag.find('='))));
    CHECK(text.ends_with(": oklo help " + std::string(c.command)));
    bool suggests = text.find("did you mean ") != text.npos;
    CHECK(suggests == (c.near != nullptr));
    if (c.near) CHECK(text.find("did you mean " + std::string(c.near) + "?") != text.npos);
  }
}

TEST_CASE("cli/options: what the lab is to do") {
  auto lab = [](std::vector<std::string_view> words) { return parse("lab", words); };
  CHECK(lab({})->lab.load_ms == 1000);
  CHECK(lab({})->lab.connections.empty());
  CHECK(lab({"--seconds", "0.25"})->lab.load_ms == 250);
  CHECK(lab({"--seconds=60"})->lab.load_ms == 60'000);
  CHECK(lab({"--connections", "1,10,20000"})->lab.connections == std::vector<unsigned>{1, 10, 20'000});
  for (std::string_view bad : {"", "0", "0.01", "61", "60.001", "1.", ".5", "1.2345", "x", "-1", "1 "})
    CHECK_MESSAGE(!lab({"--seconds", bad}).ok(), bad);
  for (std::string_view bad : {"", "0", "1,", ",1", "20001", "1,,2", "a", "1,2,3,4,5,6,7,8,9"})
    CHECK_MESSAGE(!lab({"--connections", bad}).ok(), bad);
}

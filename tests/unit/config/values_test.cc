#include "config/values.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace oklo::config;

namespace {

const Directive& row(std::string_view name, Block block) {
  const Directive* directive = find_directive(name, block);
  REQUIRE(directive);
  return *directive;
}

}  // namespace

TEST_CASE("config/values: each row of the table has what its type wants") {
  std::set<std::pair<std::string_view, Block>> names;
  for (const Directive& directive : directives()) {
    CAPTURE(directive.name);
    for (Block block : kBlocks) {
      if (!(directive.blocks & block)) continue;
      CHECK(names.insert({directive.name, block}).second);
      CHECK(find_directive(directive.name, block) == &directive);
    }
    CHECK(!directive.help.empty());
    CHECK(!directive.help.ends_with("."));
    switch (directive.type) {
      case Type::choice: CHECK(!directive.choices.empty()); [[fallthrough]];
      case Type::flag: CHECK(bool(directive.to.set_number)); break;
      case Type::count:
      case Type::difference:
      case Type::size:
      case Type::time:
      case Type::seconds:
        CHECK(bool(directive.to.set_number));
        CHECK(directive.limits.most > directive.limits.least);
        break;
      case Type::name:
      case Type::text:
      case Type::directory:
      case Type::served:
      case Type::file:
      case Type::log:
      case Type::user:
      case Type::group:
      case Type::redirect: CHECK(bool(directive.to.text)); break;
      case Type::texts:
      case Type::networks:
      case Type::rule: CHECK(bool(directive.to.texts)); break;
      case Type::field: CHECK(bool(directive.to.fields)); break;
      case Type::mark: CHECK((directive.answer != Answer::none)); break;
      case Type::listen:
      case Type::route:
      case Type::include: break;
    }
  }
}

TEST_CASE("config/values: a default is one that may be written") {
  for (const Directive& directive : directives()) {
    CAPTURE(directive.name);
    std::string text = default_text(directive);
    if (directive.to.number) CHECK(bool(number_for(directive, text)));
  }
  CHECK(default_text(row("workers", kTop)) == "auto");
  CHECK(default_text(row("mode", kTop)) == "base");
  CHECK(default_text(row("shutdown_timeout", kTop)) == "30s");
  CHECK(default_text(row("access_log", kTop)) == "off");
  CHECK(default_text(row("queue_bytes", kHttp)) == "64M");
  CHECK(default_text(row("index", kRoute)) == "index.html");
  CHECK(default_text(row("user", kTop)) == "");
  CHECK(default_text(row("redirect", kRoute)) == "");
}

TEST_CASE("config/values: the limits themselves may be written, and no more") {
  for (const Directive& directive : directives()) {
    if (!directive.to.number || directive.limits.most == 0) continue;
    CAPTURE(directive.name);
    const Limits& limits = directive.limits;
    CHECK(number_for(directive, number_text(directive, limits.least)) == limits.least);
    if (limits.most < uint64_t{1} << 40) {
      CHECK(number_for(directive, number_text(directive, limits.most)) == limits.most);
      CHECK_FALSE(number_for(directive, number_text(directive, limits.most + 1)));
    }
    if (!limits.zero.empty()) CHECK(number_for(directive, limits.zero) == 0);
    if (limits.least > 0) CHECK_FALSE(number_for(directive, "0"));
  }
}

TEST_CASE("config/values: what a directive takes") {
  CHECK(argument_of(row("workers", kTop)) == "auto|N");
  CHECK(argument_of(row("access_log", kTop)) == "stderr|off|syslog|FILE");
  CHECK(argument_of(row("pid_file", kTop)) == "off|FILE");
  CHECK(argument_of(row("mode", kTop)) == "base|process");
  CHECK(argument_of(row("listing", kRoute)) == "on|off");
  CHECK(argument_of(row("status", kRoute)) == "");
  CHECK(wanted_by(row("idle_time", kTcp)) == "off or a time from 1ms to 7d, as 500ms, 10s, 5m, 1h or 1d");
}

TEST_CASE("config/values: a difference goes as far below 0 as above") {
  const Directive& adjust = row("length_adjust", kTcp);
  CHECK(wanted_by(adjust) == "a number from -1073741824 to 1073741824");
  Listener listener;
  Target target = {nullptr, &listener, nullptr};
  for (const char* text : {"0", "7", "-7", "1073741824", "-1073741824"}) {
    CAPTURE(text);
    REQUIRE(bool(number_for(adjust, text)));
    adjust.to.set_number(target, *number_for(adjust, text));
    CHECK(value_text(adjust, target) == text);
    CHECK(listener.stream.framing.length_adjust == std::stol(text));
  }
  for (const char* text : {"", "-", "--1", "+1", "1 ", "1073741825", "-1073741825", "18446744073709551615"})
    CHECK_MESSAGE(!number_for(adjust, text), text);
}

TEST_CASE("config/values: a value as one writes it") {
  Config config;
  Target target = {&config, nullptr, nullptr};
  const Directive& workers = row("workers", kTop);
  workers.to.set_number(target, 7);
  CHECK(config.server.workers == 7);
  CHECK(value_text(workers, target) == "7");
  config.server.pid_file = "/run/p";
  CHECK(value_text(row("pid_file", kTop), target) == "/run/p");
  config.server.mode = oklo::ServerMode::process;
  CHECK(value_text(row("mode", kTop), target) == "process");
}

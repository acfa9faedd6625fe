#include "config/changes.h"

#include <doctest/doctest.h>

using oklo::config::changes;
using oklo::config::Config;
using oklo::config::Listener;

namespace {

Listener http(const std::string& address) {
  Listener listener;
  listener.address = address;
  return listener;
}

}  // namespace

TEST_CASE("config/changes: what is the same is no change") {
  Config config;
  config.listeners.push_back(http(":1"));
  CHECK(changes(config, config).empty());
}

TEST_CASE("config/changes: listeners that come and go, by kind and address") {
  Config now, next;
  now.listeners = {http(":1"), http(":2")};
  next.listeners = {http(":2"), http("unix:/s")};
  Listener tcp = http(":1");
  tcp.kind = Listener::Kind::tcp;
  next.listeners.push_back(tcp);
  CHECK(changes(now, next) == "added: listen http unix:/s\nadded: listen tcp :1\nremoved: listen http :1\n");
}

TEST_CASE("config/changes: a value is told as it is written, and where it stands") {
  Config now, next;
  now.listeners = next.listeners = {http(":1")};
  next.listeners[0].http.body_bytes = 5 << 20;
  next.server.workers = 4;
  next.server.shutdown_timeout_ms = 90'000;
  std::string before = "listen http :1: body_bytes: ";
  std::string text = changes(now, next);
  CHECK(text.find(before) == 0);
  CHECK(text.find(" -> 5M\n") != text.npos);
  CHECK(text.find("workers: auto -> 4\n") != text.npos);
  CHECK(text.find("shutdown_timeout: 30s -> 90s\n") != text.npos);
}

TEST_CASE("config/changes: what a reload can't change") {
  Config now, next;
  next.server.pid_file = "/p";
  next.server.control = "/c";
  CHECK(changes(now, next).find("pid_file: off -> /p, with a restart only\n") != std::string::npos);
  CHECK(changes(now, next).find("-> /c, with a restart only\n") != std::string::npos);
}

TEST_CASE("config/changes: routes, fields and other lists") {
  Config now, next;
  now.listeners = next.listeners = {http(":1")};
  next.listeners[0].routes.emplace_back();
  CHECK(changes(now, next) == "listen http :1: other routes\n");
  next = now;
  next.listeners[0].fields.push_back({"a", "b"});
  CHECK(changes(now, next) == "listen http :1: changed\n");
}

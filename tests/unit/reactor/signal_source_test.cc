#include "reactor/signal_source.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <vector>

#include "child.h"

using oklo::Reactor;
using oklo::SignalSource;

// Each in a process of its own: a signal that is blocked stays so.
TEST_CASE("reactor/signal_source: tells of each signal that it was made for, and stops when it dies") {
  CHECK(in_child([] {
          auto reactor = Reactor::create(64).value();
          std::vector<int> seen;
          auto note = [&](int signal) { seen.push_back(signal); };
          auto source = SignalSource::create(*reactor, {SIGUSR1, SIGTERM}, note);
          if (!source.ok()) return 1;
          kill(getpid(), SIGUSR1);
          kill(getpid(), SIGTERM);
          reactor->run_once();
          if (seen != std::vector{SIGUSR1, SIGTERM} && seen != std::vector{SIGTERM, SIGUSR1}) return 2;
          std::move(source).value().reset();
          kill(getpid(), SIGUSR1);
          reactor->post([] {});
          reactor->run_once();
          return seen.size() == 2 ? 0 : 3;
        }) == 0);
}

TEST_CASE("reactor/signal_source: a Reactor without room for it is an error") {
  CHECK(in_child([] {
          auto reactor = Reactor::create(0);
          return reactor.ok() && SignalSource::create(**reactor, {SIGUSR1}, [](int) {}).ok() ? 1 : 0;
        }) == 0);
}

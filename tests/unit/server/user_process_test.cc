#include "server/user_process.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <string>

#include "net/turns.h"
#include "shm/broadcast_reader.h"

#include <oklo/room.h>

namespace {

using oklo::ProcessPart;

std::string fault_of(std::string name, bool has_start = true) {
  ProcessPart part{std::move(name), {}, {}};
  if (has_start) part.start = [] {};
  const char* text = part.fault();
  return text ? text : "";
}

// What a process has, without a process of its own.
struct ProcessWorld : Turns {
  oklo::Scoreboard scoreboard = oklo::Scoreboard::create(2, 2).value();
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  oklo::WorkerContext context;
  std::string calls;
  ProcessPart part;

  ProcessWorld() {
    context.role = oklo::Role::process;
    context.slots = context.slot = 1;
    context.reactor = reactor.get();
    context.scoreboard = &scoreboard;
    context.row = &scoreboard.life(0);
    context.connections = &table;
    context.drained = [this] { calls += "drained "; };
    context.keeper = getppid();
    part.start = [this] { calls += "start "; };
    part.options.on_stop = [this] { calls += "stop "; };
  }
};

}  // namespace

TEST_CASE("server/user_process: what a process must have") {
  CHECK(fault_of("ticker").empty());
  CHECK(fault_of(std::string(31, 'n')).empty());
  CHECK(fault_of("") == "its name must have 1 to 31 bytes");
  CHECK(fault_of(std::string(32, 'n')) == "its name must have 1 to 31 bytes");
  CHECK(fault_of("a b") == "its name must be ASCII without blanks");
  CHECK(fault_of("caf\xc3\xa9") == "its name must be ASCII without blanks");
  CHECK(fault_of("ticker", false) == "its function is missing");
}

TEST_CASE("server/user_process: it begins once, and leaves once") {
  ProcessWorld world;
  oklo::UserProcess process(world.context, world.part, oklo::Reach::none, 100);
  CHECK(process.start().ok());
  CHECK(world.calls.empty());
  process.serve(1);
  process.serve(1);
  CHECK(world.calls == "start ");
  process.drain(oklo::DrainMode::reload, 0);
  process.drain(oklo::DrainMode::stop, 5);
  CHECK(world.calls == "start stop drained ");
}

TEST_CASE("server/user_process: told to leave before it has begun it never begins") {
  ProcessWorld world;
  oklo::UserProcess process(world.context, world.part, oklo::Reach::none, 100);
  process.drain(oklo::DrainMode::stop, 0);
  process.serve(1);
  CHECK(world.calls == "drained ");
}

TEST_CASE("server/user_process: what its function sends leaves before that returns") {
  ProcessWorld world;
  oklo::Broadcast broadcast = oklo::Broadcast::create(2).value();
  world.context.broadcast = &broadcast;
  world.scoreboard.begin_life(1, 1, 0);
  uint32_t worker = static_cast<uint32_t>(world.scoreboard.begin_life(0, 1, 0));
  world.scoreboard.life(worker).websockets = 1;
  oklo::BroadcastReader reader(broadcast.ring(0));
  oklo::BroadcastMessage message;
  auto has_record = [&] {
    return reader.read(message).outcome == oklo::BroadcastRead::Outcome::message && !message.payload.empty();
  };
  world.part.start = [&] {
    CHECK(oklo::send_to_all("x"));
    CHECK(has_record());
  };
  oklo::UserProcess process(world.context, world.part, oklo::Reach::rooms, 100);
  REQUIRE(process.start().ok());
  process.serve(1);
  CHECK(oklo::send_to_all("y"));
  CHECK_FALSE(has_record());
  world.turn();
  CHECK(has_record());
}

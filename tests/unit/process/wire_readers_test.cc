#include "process/wire_readers.h"

#include <doctest/doctest.h>

#include "sys/socket_pair.h"

using oklo::Life;
using oklo::Scoreboard;
using oklo::Slot;

namespace {

// One slot, and lives that were ready in it. What they hear is counted.
struct World {
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(256).value();
  Scoreboard scoreboard = Scoreboard::create(4, 1).value();
  Slot slot{0, nullptr, "worker 1", [](Slot&) {}};
  oklo::WireReaders readers{*reactor, scoreboard};

  World() { readers.add(slot); }

  struct One {
    explicit One(World& world) {
      life.index = static_cast<uint32_t>(world.scoreboard.begin_life(0, 1, 0));
      life.state = Life::State::ready;
      auto pair = oklo::sys::SocketPair::create().value();
      other = std::move(pair.second);
      life.channel =
          oklo::ControlChannel::create(*world.reactor, std::move(pair.first), {[](auto&, auto) {}, [] {}})
              .value();
    }
    // Whether it was told to begin since this was asked last.
    bool heard() {
      oklo::ControlMessage message;
      oklo::sys::Fd passed;
      long n = oklo::sys::receive_message(
          other.get(), {reinterpret_cast<char*>(&message), sizeof message}, passed);
      return n > 0 && message.type == oklo::ControlMessage::Type::serve;
    }
    Life life;
    oklo::sys::Fd other;
  };
};

}  // namespace

TEST_CASE("process/wire_readers: who is current and ready is told once") {
  World world;
  World::One one(world);
  world.readers.update();
  CHECK_FALSE(one.heard());
  world.slot.current = &one.life;
  one.life.state = Life::State::starting;
  world.readers.update();
  CHECK_FALSE(one.heard());
  one.life.state = Life::State::ready;
  world.readers.update();
  CHECK(one.heard());
  CHECK(world.scoreboard.life(one.life.index).reads_wires);
  world.readers.update();
  CHECK_FALSE(one.heard());
}

TEST_CASE("process/wire_readers: a successor waits until the one before reads no more, or is gone") {
  for (bool is_gone : {false, true}) {
    World world;
    World::One before(world), after(world);
    world.slot.current = &before.life;
    world.readers.update();
    world.slot.current = &after.life;
    before.life.state = Life::State::draining;
    world.readers.update();
    CHECK_FALSE(after.heard());
    if (is_gone) world.scoreboard.end_life(before.life.index);
    else world.scoreboard.life(before.life.index).reads_wires = false;
    world.readers.update();
    CHECK(after.heard());
  }
}

TEST_CASE("process/wire_readers: one that waits begins without another word") {
  World world;
  World::One stranger(world), one(world);
  world.scoreboard.life(stranger.life.index).reads_wires = true;
  world.slot.current = &one.life;
  world.readers.update();
  CHECK_FALSE(one.heard());
  world.scoreboard.end_life(stranger.life.index);
  while (!one.life.reads_wires) world.reactor->run_once();
  CHECK(one.heard());
}

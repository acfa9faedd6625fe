#pragma once

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codec/wire_unit.h"
#include "gate/load.h"
#include "net/listening.h"
#include "net/log.h"
#include "process/wires.h"
#include "server/gate_thread.h"
#include "server/process_worker.h"
#include "server/stream_listener.h"
#include "shm/connection_states.h"

// A thread of a gate with a service of raw streams, and the worker of the one slot. The test turns them, and
// is their Worker; where one is missing it plays it, at the end of the wire.
namespace process_mode {

using namespace oklo;

constexpr uint32_t kWorkers = 1, kLives = 4;

struct World {
  explicit World(StreamHandlers handlers, const StreamOptions& how = {}) {
    signal(SIGPIPE, SIG_IGN);
    services.push_back(std::make_unique<StreamListener>("127.0.0.1:0", std::move(handlers), how));
  }

  Listening listening{"127.0.0.1:0"};
  Scoreboard scoreboard = Scoreboard::create(kLives, kWorkers + 2, 1).value();  // with the manager
  Broadcast broadcast = Broadcast::create(kLives).value();
  ConnectionTable table = ConnectionTable::create(256).value();
  ConnectionStates states = ConnectionStates::create(256).value();
  TempDir place;
  sys::Fd log_file{::open((place / "log").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  Log log{log_file.get(), "test"};
  Wires wires = Wires::create(1, kWorkers).value();
  std::vector<std::unique_ptr<Service>> services;
  gate::Load load;
  DispatchFunction no_function;
  ServerOptions options;

  std::string logged() const {
    std::string text(4096, '\0');
    ssize_t size = pread(log_file.get(), text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text;
  }
};

// A life of it, with what its Worker would have for it.
struct Life {
  Life(World& world, Role role, uint32_t slot, Keeper keeper) {
    int64_t life = world.scoreboard.begin_life(slot, 1, 0, keeper);
    REQUIRE(life >= 0);
    context.role = role;
    context.slot = slot;
    context.life = static_cast<uint32_t>(life);
    context.slots = kWorkers;
    context.reactor = reactor.get();
    context.row = &world.scoreboard.life(context.life);
    context.row->state = LifeState::ready;
    context.row->pid = getpid();
    context.scoreboard = &world.scoreboard;
    context.connections = &world.table;
    context.broadcast = &world.broadcast;
    context.log = &world.log;
    context.wires = &world.wires;
    context.states = &world.states;
    context.threads = 1;
    context.listeners = {{world.listening.listener.get()}};
    context.addresses = {world.listening.address};
    context.drained = [this] { drained++; };
    context.left = [this] { left++; };
  }
  void turn() {
    reactor->post([] {});
    reactor->run_once();
  }
  void turns(int count) {
    for (int i = 0; i < count; i++) turn();
  }

  std::unique_ptr<Reactor> reactor = Reactor::create(256).value();
  WorkerContext context;
  int drained = 0;
  int left = 0;
};

struct Gate : Life {
  explicit Gate(World& world)
      : Life(world, Role::gate_thread, kWorkers, Keeper::gate),
        thread(context, world.services, world.options, world.no_function, world.load, Reach::by_id, 100) {
    REQUIRE(thread.start().ok());
  }
  // No connection outlives the services.
  ~Gate() {
    thread.drain(DrainMode::stop, reactor->clock().now_ms);
    turns(3);
  }
  GateThread thread;
};

struct Worker : Life {
  explicit Worker(World& world)
      : Life(world, Role::worker, 0, Keeper::workers),
        worker(context, world.services, Reach::by_id, LogFormat::common, 100) {
    REQUIRE(worker.start().ok());
  }
  ProcessWorker worker;
};

// The end of a wire in the hands of the test, and what came there.
struct PlayedEnd {
  struct Heard {
    uint8_t type;
    uint32_t number;
    uint64_t connection;
    std::string bytes;
  };
  explicit PlayedEnd(int end) : wire(*reactor, end, 4711, buffer, events()) {
    REQUIRE(wire.start().ok());
    wire.read(true);
  }
  Wire::Events events() {
    Wire::Events wanted;
    wanted.on_record = [this](const codec::WireRecord& record, sys::Fd) {
      heard.push_back({record.type, record.number, record.connection, std::string(record.bytes)});
    };
    return wanted;
  }
  void say(const codec::WireRecord& record) {
    wire.put(record);
    wire.commit();
    turn();
  }
  void turn() {
    reactor->post([] {});
    reactor->run_once();
  }
  // How often that was heard.
  template <class Type>
  size_t count(Type type) const {
    size_t found = 0;
    for (const Heard& one : heard) found += one.type == static_cast<uint8_t>(type);
    return found;
  }

  std::unique_ptr<Reactor> reactor = Reactor::create(16).value();
  std::vector<char> buffer = std::vector<char>(Wire::kDatagramBytes);
  std::vector<Heard> heard;
  Wire wire;
};

inline StreamHandlers echo() {
  StreamHandlers handlers;
  handlers.on_receive = [](Connection& connection, std::string_view bytes) { connection.send(bytes); };
  return handlers;
}

// Turns the lives until it is so; it is checked every time, so a test that waits in vain ends.
template <class Condition, class... Lives>
void turn_until(Condition condition, Lives&... lives) {
  for (int i = 0; i < 2000 && !condition(); i++) (lives.turn(), ...);
  CHECK(condition());
}

}  // namespace process_mode

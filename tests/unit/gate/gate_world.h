#pragma once

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/crew.h"
#include "gate/deliveries.h"
#include "gate/dispatcher.h"
#include "gate/http_requests.h"
#include "gate/worker_end.h"
#include "http/late_answers.h"
#include "net/connection_pool.h"
#include "net/relay.h"
#include "net/peer.h"
#include "process/wires.h"
#include "shm/connection_states.h"
#include "ws/hub.h"

// One thread of a gate, the lives of its workers, each with a Reactor of its own, and clients. The test turns
// them all, and begins and ends the lives as a manager does. Where there are WebSockets there is one worker
// at a time: its Hub is that of the thread.
namespace gate_test {

using namespace oklo;
using namespace oklo::gate;

constexpr uint32_t kGatePid = 77;

struct GateOptions {
  Dispatch dispatch = Dispatch::connection;
  OnWorkerDeath on_death = OnWorkerDeath::close;
  uint32_t workers = 1;
  uint32_t threads = 1;  // with wires; the others than the first are for the test to play
  DispatchFunction function = {};
};

struct World;

// A port that says done when the test does.
struct ManualPort final : WorkerPort {
  struct Heard {
    Told type;
    uint16_t flags;
    uint32_t number;
    ConnectionId id;
    std::string bytes;
  };
  bool on_told(uint32_t, const codec::WireRecord& record) override {
    heard.push_back({static_cast<Told>(record.type), record.flags, record.number,
                     connection_id(record.connection), std::string(record.bytes)});
    return false;
  }
  std::vector<Heard> heard;
};

// The life of a worker.
struct Worker {
  Worker(World& world, uint32_t slot);

  // The manual port's, which has heard one thing more since the last call.
  ManualPort::Heard& last() {
    REQUIRE(manual.heard.size() == ++taken);
    return manual.heard.back();
  }
  // It answers to that and is done, in one unit.
  void answer(const ManualPort::Heard& heard, std::string_view bytes) {
    end.say_together(0, Said::send, heard.id, 0, 0, 0, bytes);
    end.say_done(0, heard.id, heard.number);
  }

  std::unique_ptr<Reactor> reactor = Reactor::create(1024).value();
  WorkerContext context;
  Relay relay;
  ws::Hub hub;
  WorkerEnd end;
  HttpRequests requests;
  ManualPort manual;
  size_t taken = 0;
  std::vector<std::unique_ptr<WorkerPort>> ports;
};

struct Gate {
  Gate(World& world, uint32_t pid);

  void on_record(uint32_t worker, const codec::WireRecord& record, sys::Fd file) {
    bool is_relay = record.type == static_cast<uint8_t>(Said::relay);
    Relay::Kind kind = static_cast<Relay::Kind>(record.flags);
    bool heard = is_relay ? record.flags <= UINT8_MAX && relay.take(kind, record.connection, record.bytes)
                          : deliveries.hear(worker, record, std::move(file));
    if (!heard) crew.refuse(worker);
  }

  ConnectionPool pool;
  Relay relay;
  ws::Hub hub;
  Load load;
  int broken = 0;
  Crew crew;
  Dispatcher dispatcher;
  std::vector<ThreadPort*> ports;
  std::vector<uint32_t> rung;  // lives
  Deliveries deliveries;
};

struct World {
  explicit World(GateOptions of = {}) : options(std::move(of)), workers(options.workers) {
    signal(SIGPIPE, SIG_IGN);
    wires = std::make_unique<Wires>(Wires::create(options.threads, options.workers).value());
    int64_t life = scoreboard.begin_life(options.workers, 1, 0, Keeper::gate);
    REQUIRE(life == 0);
    scoreboard.life(0).state = LifeState::ready;
    gate = std::make_unique<Gate>(*this, kGatePid);
  }
  virtual ~World() { CHECK(gate == nullptr); }
  // To be called by the destructor of who has the ports.
  void end() {
    for (uint32_t i = 0; i < workers.size(); i++)
      if (workers[i]) kill(i);
    for (auto& old : drained) die(old);
    drained.clear();
    gate->pool.abort_all();
    turns(3);
    gate->deliveries.on_empty([] {});
    gate.reset();
  }

  // What the ports of a worker are; without any it is the manual one.
  virtual void make_ports(Worker&) {}

  Worker& start(uint32_t slot) {
    workers[slot] = std::make_unique<Worker>(*this, slot);
    Worker& worker = *workers[slot];
    REQUIRE(worker.end.start().ok());
    make_ports(worker);
    std::vector<WorkerPort*> ports;
    for (auto& port : worker.ports) ports.push_back(port.get());
    if (ports.empty()) ports.push_back(&worker.manual);
    worker.end.set_ports(std::move(ports));
    worker.end.read(true);
    return worker;
  }
  // The worker reads its wires no more, and another one has come.
  Worker& leave(uint32_t slot = 0) {
    bool left = false;
    workers[slot]->end.leave([&left] { left = true; });
    turn_until([&left] { return left; });
    workers[slot]->context.row->reads_wires = false;
    drained.push_back(std::move(workers[slot]));
    start(slot).context.row->reads_wires = true;
    turns(3);
    return *drained.back();
  }
  // As if SIGKILL had met it: what it has not flushed is lost. The gate learns of it.
  void kill(uint32_t slot) {
    die(slot);
    gate->crew.look();
  }
  void die(uint32_t slot) { die(workers[slot]); }
  void die(std::unique_ptr<Worker>& worker) {
    uint32_t life = worker->context.life;
    int end = wires->worker_end(0, worker->context.slot);
    sys::Fd kept(fcntl(end, F_DUPFD_CLOEXEC, 0));
    dup2(null.get(), end);
    worker->requests.pool().abort_all();
    turn(*worker->reactor);  // Nothing may be dirty where it is destroyed.
    dup2(kept.get(), end);
    worker.reset();
    scoreboard.end_life(life);
  }
  void start_all() {
    gate_start();
    for (uint32_t i = 0; i < workers.size(); i++) start(i);
    for (uint32_t i = 0; i < workers.size(); i++)
      turn_until([&] { return gate->crew.serves(i); });
  }
  void gate_start() {
    REQUIRE(gate->crew.start().ok());
    REQUIRE(gate->relay.start().ok());
  }
  // One turn of each that waits for nothing.
  void turn() {
    turn(*reactor);
    for (auto& worker : workers)
      if (worker) turn(*worker->reactor);
    for (auto& worker : drained) turn(*worker->reactor);
  }
  void turns(int count) {
    for (int i = 0; i < count; i++) turn();
  }
  // Turns until it is so; it is checked every time, so a test that waits in vain ends.
  template <class Condition>
  void turn_until(Condition condition) {
    uint64_t end_ms = reactor->clock().now_ms + 20'000;
    while (!condition()) {
      if (reactor->clock().now_ms > end_ms) FAIL("waited too long");
      turn();
    }
  }
  std::string read_all(Peer& peer) {
    std::string text;
    turn_until([&] {
      text += peer.read();
      return peer.over();
    });
    return text;
  }
  Worker& worker(uint32_t slot = 0) { return *workers[slot]; }

  Peer open(Endpoint& endpoint, const sys::Address& from = {}) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    gate->pool.open(endpoint, sys::Fd(ends[0]), from, false);
    return Peer{sys::Fd(ends[1])};
  }
  std::string read(Peer& peer, size_t bytes) {
    std::string text;
    turn_until([&] {
      text += peer.read();
      return text.size() >= bytes || peer.over();
    });
    return text;
  }
  // Rows that somebody holds.
  int rows() const {
    int used = 0;
    for (uint32_t i = 0; i < table.size(); i++) used += table.row(i).generation.load() % 2;
    return used;
  }
  uint64_t closed(CloseReason reason) const {
    return scoreboard.life(0).closed[static_cast<size_t>(reason)].value();
  }

  static void turn(Reactor& of) {
    of.post([] {});
    of.run_once();
  }

  GateOptions options;
  std::unique_ptr<Reactor> reactor = Reactor::create(4096).value();
  uint32_t slots = options.workers + options.threads + 1;  // with the manager
  Scoreboard scoreboard = Scoreboard::create(9, slots, 1).value();
  Broadcast broadcast = Broadcast::create(9).value();
  ConnectionTable table = ConnectionTable::create(256).value();
  ConnectionStates states = ConnectionStates::create(256).value();
  sys::Fd null{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  Log log{null.get(), "gate"};
  std::unique_ptr<Wires> wires;
  std::unique_ptr<Gate> gate;
  http::LateAnswers late_answers;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::unique_ptr<Worker>> drained;  // lives that read no more
};

inline std::vector<int> ends_of(const World& world) {
  std::vector<int> ends;
  for (uint32_t slot = 0; slot < world.options.workers; slot++)
    ends.push_back(world.wires->gate_end(0, slot));
  return ends;
}

inline RelayShare share_of(World& world, uint32_t life) {
  return {&world.broadcast, &world.scoreboard, &world.table, life, &world.log};
}

inline Gate::Gate(World& world, uint32_t pid)
    : pool(*world.reactor, world.table, world.scoreboard.life(0), 0, 1000),
      relay(*world.reactor, world.scoreboard.life(0), share_of(world, 0), &pool),
      hub(relay, world.scoreboard.life(0)),
      crew(*world.reactor, world.scoreboard, ends_of(world), pid,
           {.on_record = [this](uint32_t worker, const codec::WireRecord& record,
                                sys::Fd file) { on_record(worker, record, std::move(file)); },
            .on_room = [this](uint32_t worker) { deliveries.on_room(worker); },
            .on_change = [this] { deliveries.on_change(); },
            .on_gone = [this](const Reader& reader, bool died) { deliveries.on_gone(reader, died); },
            .on_broken = [this](uint32_t, uint32_t) { broken++; }}),
      dispatcher(world.options.dispatch, world.options.function, crew, world.states, world.scoreboard.life(0),
                 load),
      deliveries(pool, crew, dispatcher, load, world.states.answers(), world.options.on_death, ports) {
  deliveries.on_ring([this](uint32_t life) { rung.push_back(life); });
}

inline WorkerContext context_of(World& world, uint32_t slot, Reactor& reactor) {
  int64_t life = world.scoreboard.begin_life(slot, 1, 0);
  REQUIRE(life > 0);
  WorkerContext context;
  context.slot = slot;
  context.life = static_cast<uint32_t>(life);
  context.slots = world.options.workers;
  context.reactor = &reactor;
  context.row = &world.scoreboard.life(context.life);
  context.row->state = LifeState::ready;
  context.scoreboard = &world.scoreboard;
  context.connections = &world.table;
  context.broadcast = &world.broadcast;
  context.log = &world.log;
  context.wires = world.wires.get();
  context.states = &world.states;
  context.threads = world.options.threads;
  context.addresses.resize(1);
  return context;
}

inline Worker::Worker(World& world, uint32_t slot)
    : context(context_of(world, slot, *reactor)),
      relay(*reactor, *context.row, share_of(world, context.life), nullptr),
      hub(relay, *context.row),
      end(context),
      requests(context, end) {
  REQUIRE(relay.start().ok());
  relay.take_road(&end);
}

}  // namespace gate_test

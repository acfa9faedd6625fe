#pragma once

#include "gate/stream_gate.h"
#include "gate/stream_worker.h"
#include "gate_world.h"

namespace gate_test {

// Streams: workers run the handlers, or those that hear everything by hand when `manual`.
struct StreamWorld : World {
  explicit StreamWorld(GateOptions of = {}, StreamHandlers wanted = all(), StreamOptions how = {},
                       bool by_hand = true, StreamGate::Bond how_bound = StreamGate::Bond::none)
      : World(std::move(of)),
        handlers(std::move(wanted)),
        stream_options(how),
        manual(by_hand),
        bond(how_bound) {
    make_gate();
    start_all();
  }
  ~StreamWorld() override { end_all(); }

  // Those which want to hear all.
  static StreamHandlers all() {
    StreamHandlers handlers;
    handlers.on_receive = [](Connection&, std::string_view) {};
    return handlers;
  }
  static StreamHandlers every() {
    StreamHandlers handlers = all();
    handlers.on_connect = [](Connection&) {};
    handlers.on_end = [](Connection&) {};
    handlers.on_close = [](Connection&, CloseReason) {};
    return handlers;
  }
  void make_gate() {
    port = std::make_unique<StreamGate>(handlers, stream_options, gate->pool, gate->deliveries, states, 0,
                                        bond);
    gate->ports = {port.get()};
    endpoint = gate->pool.make_endpoint(port->protocol());
    endpoint.kind = ConnectionKind::stream;
  }
  void end_all() {
    end();
    port.reset();
  }
  void make_ports(Worker& worker) override {
    if (!manual)
      worker.ports.push_back(
          std::make_unique<StreamWorker>(handlers, stream_options, worker.context, worker.end));
  }
  Peer open(const sys::Address& from = {}) { return World::open(endpoint, from); }
  // Until that worker has heard so many things.
  void until_heard(size_t count, uint32_t slot = 0) {
    turn_until([&] { return worker(slot).manual.heard.size() >= count; });
  }

  StreamHandlers handlers;
  StreamOptions stream_options;
  bool manual;
  StreamGate::Bond bond;
  std::unique_ptr<StreamGate> port;
  Endpoint endpoint;
};

}  // namespace gate_test

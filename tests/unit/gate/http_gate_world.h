#pragma once

#include "codec/websocket_frame.h"
#include "gate/http_gate.h"
#include "gate/http_worker.h"
#include "gate_world.h"
#include "http/answers.h"
#include "http/routes_of.h"

#include <oklo/router.h>

namespace gate_test {

// HTTP, and what it leads to; the routes run in the workers.
struct SiteWorld : World {
  // `fill` says what the site is.
  explicit SiteWorld(const Function<void(Router&)>& fill, GateOptions of = {}, HttpLimits how = {})
      : World(std::move(of)), limits(how) {
    fill(site);
    port = std::make_unique<HttpGate>(routes_of(site), limits, gate->pool, gate->deliveries, 0);
    gate->ports = {port.get()};
    start_all();
  }
  ~SiteWorld() override {
    gate->pool.abort_all();
    turn();
    end();
    port.reset();
  }
  void make_ports(Worker& worker) override {
    worker.ports.push_back(std::make_unique<HttpWorker>(routes_of(site), limits, worker.context, worker.end,
                                                        worker.requests, nullptr, 0));
  }

  Peer open() { return World::open(port->endpoint()); }
  // All that came for a while in which nothing else happens.
  std::string ask(Peer& peer, std::string_view bytes) {
    peer.write(bytes);
    std::string text;
    for (int still = 0; still < 12; still++) {
      turn();
      std::string more = peer.read();
      if (!more.empty()) still = 0;
      text += more;
    }
    return text;
  }
  // The same as one answer.
  Answer answer(Peer& peer, std::string_view bytes, bool to_head = false) {
    std::string text = ask(peer, bytes);
    AnswerReader reader(text);
    if (reader.at_end()) return {};
    Answer first = reader.next(to_head);
    CHECK(reader.at_end());
    return first;
  }
  // Whether nothing is left of any connection when the clients are gone.
  bool is_clean() {
    turns(4);
    bool clean = gate->deliveries.empty() && gate->pool.empty() && rows() == 0;
    for (auto& each : workers) clean = clean && (!each || each->requests.pool().empty());
    return clean;
  }

  Router site;
  HttpLimits limits;
  std::unique_ptr<HttpGate> port;
};

inline std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
inline std::string post(const std::string& target, size_t size, const std::string& fields = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: " + std::to_string(size) +
         "\r\n\r\n";
}

}  // namespace gate_test

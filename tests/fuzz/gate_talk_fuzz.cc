// The world is made for unit tests: here its checks do what they check, and no more.
#define DOCTEST_CONFIG_DISABLE
#define DOCTEST_CONFIG_EVALUATE_ASSERTS_EVEN_WHEN_DISABLED
#define DOCTEST_CONFIG_ASSERTS_RETURN_VALUES

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "gate/http_gate_world.h"
#include "gate/stream_gate.h"
#include "ws/ws_world.h"

using namespace gate_test;

namespace {

constexpr size_t kClients = 4, kLongBytes = 70'000;

// A thread of the gate that serves HTTP, WebSockets and a stream. It goes through all inputs, so that what
// one of them leaves behind would meet the next.
struct Talk : World {
  Talk() {
    site.get("/", [](const Request&, Response&) {});
    WebSocketHandlers sockets;
    sockets.on_message = [](WebSocket&, std::string_view) {};
    sockets.on_close = [](WebSocket&, uint16_t, std::string_view) {};
    site.websocket("/ws", std::move(sockets));
    http = std::make_unique<HttpGate>(routes_of(site), limits, gate->pool, gate->deliveries, 0);
    stream = std::make_unique<StreamGate>(handlers, stream_options, gate->pool, gate->deliveries, states, 0);
    gate->ports = {http.get(), stream.get()};
    of_stream = gate->pool.make_endpoint(stream->protocol());
    of_stream.kind = ConnectionKind::stream;
    of_stream.listener = 1;
    start_all();
    hear_all();
  }
  // Each client has said something, and the worker has it in its hands.
  void begin() {
    for (Endpoint* to : {&http->endpoint(), &http->endpoint(), &http->endpoint(), &of_stream})
      peers.push_back(open(*to));
    peers[0].write(get("/"));
    peers[1].write(WsWorld::handshake());
    peers[2].write(post("/", 100'000) + std::string(10'000, 'b'));
    peers[3].write("hello");
    OKLO_ASSERT(comes_soon([this] { return worker().manual.heard.size() == kClients; }));
    gate->pool.for_each([this](net::Connection& connection) { ids.push_back(connection.id()); });
    OKLO_ASSERT(ids.size() == kClients);
  }
  // The worker dies, and another comes.
  void follow() {
    kill(0);
    turn();
    start(0);
    hear_all();
    OKLO_ASSERT(comes_soon([this] { return gate->crew.serves(0); }));
  }
  // Nothing is left when the worker is done with all that it hears.
  void finish() {
    peers.clear();
    ids.clear();
    gate->pool.abort_all();
    size_t done = 0;
    OKLO_ASSERT(comes_soon([&] {
      for (auto& heard = worker().manual.heard; done < heard.size(); done++)
        worker().end.say_done(0, heard[done].id, heard[done].number);
      return gate->deliveries.empty() && gate->pool.empty();
    }));
    OKLO_ASSERT(rows() == 0);
    worker().manual.heard.clear();
  }
  template <class Condition>
  bool comes_soon(Condition condition) {
    for (int i = 0; i < 50; i++) {
      if (condition()) return true;
      turn();
    }
    return false;
  }
  // What is told of any service.
  void hear_all() { worker().end.set_ports({&worker().manual, &worker().manual}); }
  // The number of what the worker has of that connection.
  uint32_t number_of(ConnectionId id) {
    for (const ManualPort::Heard& heard : worker().manual.heard)
      if (heard.id == id) return heard.number;
    return 0;
  }

  static StreamHandlers echo() {
    StreamHandlers all;
    all.on_receive = [](Connection&, std::string_view) {};
    all.on_close = [](Connection&, CloseReason) {};
    return all;
  }
  Router site;
  HttpLimits limits;
  StreamHandlers handlers = echo();
  StreamOptions stream_options;
  std::unique_ptr<HttpGate> http;
  std::unique_ptr<StreamGate> stream;
  Endpoint of_stream;
  std::vector<Peer> peers;
  std::vector<ConnectionId> ids;
};

// Six bytes say what a record is: type, service, flags, connection and number, how many of those behind are
// its bytes.
void say_one(Talk& talk, std::string_view& input) {
  auto byte = [&input](size_t at) { return static_cast<uint8_t>(input[at]); };
  uint8_t chosen = byte(4), length = byte(5);
  ConnectionId id = chosen % 8 < kClients ? talk.ids[chosen % 8] : ConnectionId{chosen, byte(2)};
  uint32_t number = chosen & 16 ? talk.number_of(id) : byte(2);
  uint16_t flags = static_cast<uint16_t>(byte(2) | byte(3) << 8);
  auto type = static_cast<Said>(byte(0));
  uint8_t listener = byte(1) % 4;
  input.remove_prefix(6);
  std::string bytes(input.substr(0, length));
  if (length == 255) bytes.assign(kLongBytes, 'x');
  input.remove_prefix(std::min<size_t>(length, input.size()));
  // Wire::kHasFile is for the wire to say.
  talk.worker().end.say_together(0, type, id, listener, flags & 0x7fff, number, bytes);
  if (chosen & 32) return;
  talk.worker().end.commit(0);
  talk.turn();
}

}  // namespace

// Says what it may to a gate. Whatever that is, the gate goes on: it accepts, and a worker that follows is
// told.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Talk& talk = *new Talk;
  std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 2000));
  talk.begin();
  while (input.size() >= 6) say_one(talk, input);
  talk.worker().end.commit(0);
  talk.turns(4);
  for (Peer& peer : talk.peers) peer.read();
  talk.follow();
  Peer last = talk.open(talk.of_stream);
  last.write("last");
  const auto& heard = talk.worker().manual.heard;
  OKLO_ASSERT(talk.comes_soon([&heard] { return !heard.empty() && heard.back().bytes == "last"; }));
  talk.finish();
  return 0;
}

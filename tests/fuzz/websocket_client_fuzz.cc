// The world is made for unit tests: here its checks do what they check, and no more.
#define DOCTEST_CONFIG_DISABLE
#define DOCTEST_CONFIG_EVALUATE_ASSERTS_EVEN_WHEN_DISABLED
#define DOCTEST_CONFIG_ASSERTS_RETURN_VALUES

#include <algorithm>
#include <string>

#include "base/assert.h"
#include "net/net_fixture.h"
#include "ws/websocket_service.h"
#include "ws/ws_client_world.h"

namespace {

constexpr size_t kFineBytes = 128;  // behind them the pieces are longer

// A client whose WebSockets echo, one after the other, and what the server of the last one heard.
struct EchoingClient : Net {
  oklo::WebSocketHandlers handlers = echo_handlers();
  oklo::WebSocketOptions options;
  oklo::ws::WebSocketService service{handlers, options, life()};
  oklo::Endpoint of_clients = pool.make_endpoint(service);
  std::string calls;
  int closed = 0;
  std::string heard;

  EchoingClient() {
    options.message_bytes = 1000;
    of_clients.kind = oklo::ConnectionKind::websocket_client;
    handlers.on_message = [this](oklo::WebSocket& ws, std::string_view text) {
      calls += "text " + std::string(text) + "\n";
      ws.send(text);
    };
    handlers.on_binary = [this](oklo::WebSocket& ws, std::string_view bytes) {
      calls += "binary " + std::string(bytes) + "\n";
      ws.send_binary(bytes);
    };
    handlers.on_close = [this](oklo::WebSocket&, uint16_t code, std::string_view reason) {
      calls += "close " + std::to_string(code) + " " + std::string(reason) + "\n";
      closed++;
    };
  }

  void talk(std::string_view input, size_t piece_size) {
    calls.clear();
    heard.clear();
    closed = 0;
    int ends[2];
    OKLO_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    Peer peer{oklo::sys::Fd(ends[1])};
    pool.open_client(pool.reserve(), of_clients, oklo::sys::Fd(ends[0]), oklo::sys::Address());
    pool.for_each([this](oklo::net::Connection& connection) { service.open(connection, nullptr, {}, {}); });
    for (size_t at = 0; at < input.size(); at += piece_size) {
      if (at > kFineBytes) piece_size = std::max(piece_size, kFineBytes);
      peer.write(input.substr(at, piece_size));
      turn();
    }
    for (int i = 0; i < 4; i++) turn();
    heard += peer.read();
    peer.close();
    turn_until([this] { return pool.empty(); });
  }
};

}  // namespace

// Says the input to a client, at once and in pieces: it must understand the same, mask all that it sends, and
// end once.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 10'000));
  static EchoingClient& client = *new EchoingClient;
  std::string calls, said;
  for (size_t piece : {std::max<size_t>(input.size(), 1), 1 + input.size() % 13}) {
    client.talk(input, piece);
    OKLO_ASSERT(client.closed == 1);
    std::string frames = without_masks(client.heard);
    OKLO_ASSERT(frames != "unmasked");
    if (calls.empty()) {
      calls = client.calls;
      said = frames;
    }
    OKLO_ASSERT(client.calls == calls && frames == said);
  }
  return 0;
}

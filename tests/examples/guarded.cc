// A server that not everybody may ask: guarded HTTP-ADDRESS [WORD]...
// "/" tells who asks, and so do a WebSocket at "/ws" when it opens, and with tcp=ADDRESS a raw stream there,
// which then sends back what comes, as the WebSocket does, and with udp=ADDRESS datagrams; /inside is for
// 127.0.0.0/8 alone, /files for nobody; /status tells the state of the service. Other words: access=RULE and
// proxy=NETWORK, as often as needed; proxy-time=MS, workers=N, connections=N, requests=N and burst=N of one
// address, except=NETWORK.
#include <oklo/oklo.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

struct Words {
  std::string tcp;
  std::string udp;
  oklo::Entrance entrance;
  oklo::ServerOptions server;
};

bool take(Words& words, std::string_view name, const std::string& value) {
  uint32_t number = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
  oklo::AddressLimits& limits = words.server.per_address;
  if (name == "tcp") words.tcp = value;
  else if (name == "udp") words.udp = value;
  else if (name == "access") words.entrance.access.push_back(value);
  else if (name == "proxy") words.entrance.proxy_protocol.push_back(value);
  else if (name == "proxy-time") words.entrance.proxy_time_ms = number;
  else if (name == "workers") words.server.workers = number;
  else if (name == "connections") limits.connections = number;
  else if (name == "requests") limits.requests_s = number;
  else if (name == "burst") limits.burst = number;
  else if (name == "except") limits.except.push_back(value);
  else return false;
  return true;
}

oklo::Router site() {
  oklo::Router routes;
  routes.any("/", [](const oklo::Request& request, oklo::Response& response) {
    response.text(request.peer(), "\n");
  });
  routes.get("/inside", [](const oklo::Request&, oklo::Response& response) { response.text("inside\n"); });
  routes.access("/inside", {"allow 127.0.0.0/8"});
  routes.files("/files", "/");
  routes.access("/files", {"deny all"});
  routes.websocket("/ws", {.on_open = [](oklo::WebSocket& ws, const oklo::Request&) { ws.send(ws.peer()); },
                           .on_message = [](oklo::WebSocket& ws, std::string_view text) { ws.send(text); }});
  routes.status("/status", {.everybody = true});
  return routes;
}

oklo::StreamHandlers echo() {
  oklo::StreamHandlers handlers;
  handlers.on_connect = [](oklo::Connection& c) { c.send(c.info().peer + "\n"); };
  handlers.on_receive = [](oklo::Connection& c, std::string_view bytes) { c.send(bytes); };
  return handlers;
}

oklo::DatagramHandlers echo_packets() {
  oklo::DatagramHandlers handlers;
  handlers.on_packet = [](oklo::Datagram& packet, std::string_view bytes) { packet.reply(bytes); };
  return handlers;
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  words.server.control = "off";
  words.server.access_log = "stderr";
  for (int i = 2; i < argc; i++) {
    std::string word = argv[i];
    size_t equals = word.find('=');
    if (equals == word.npos || !take(words, word.substr(0, equals), word.substr(equals + 1))) return 100;
  }
  if (argc < 2) return 100;
  oklo::HttpLimits limits;
  limits.entrance = words.entrance;
  oklo::StreamOptions stream;
  stream.entrance = words.entrance;
  oklo::Server server(words.server);
  server.http(argv[1], site(), limits);
  if (!words.tcp.empty()) server.tcp(words.tcp, echo(), stream);
  oklo::DatagramOptions packets;
  packets.access = words.entrance.access;
  if (!words.udp.empty()) server.udp(words.udp, echo_packets(), packets);
  return server.run();
}

// Sends every message back: ws_echo ADDRESS.
#include <oklo/oklo.h>

int main(int argc, char** argv) {
  oklo::Router site;
  site.websocket("/", {
      .on_message = [](oklo::WebSocket& ws, std::string_view text) { ws.send(text); },
      .on_binary = [](oklo::WebSocket& ws, std::string_view bytes) { ws.send_binary(bytes); },
  });
  oklo::Server server;
  server.http(argc > 1 ? argv[1] : "127.0.0.1:8080", std::move(site));
  return server.run();
}

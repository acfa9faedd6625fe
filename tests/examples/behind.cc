// A program behind a proxy: behind ADDRESS [WORD]...
// /client tells who asks, as the proxy says it; POST /sum answers with the size and the Adler-32 of a body of
// any size, /size with that of a small one; /slow takes a second; /broken fails; WebSockets at /ws are sent
// back what they send. Words: workers=N, and ping=MS, the heartbeat of the WebSockets.
#include <oklo/oklo.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

// RFC 1950 section 8.2, of a body that comes in pieces.
struct Sum {
  uint64_t bytes;
  uint32_t low, high;
};

void begin(const oklo::Request& request, oklo::Response&) { request.state<Sum>() = {0, 1, 0}; }

void add(const oklo::Request& request, std::string_view piece) {
  Sum& sum = request.state<Sum>();
  sum.bytes += piece.size();
  for (char c : piece) {
    sum.low = (sum.low + static_cast<unsigned char>(c)) % 65521;
    sum.high = (sum.high + sum.low) % 65521;
  }
}

void tell(const oklo::Request& request, oklo::Response& response) {
  const Sum& sum = request.state<Sum>();
  response.text(std::to_string(sum.bytes), " ", std::to_string(sum.high << 16 | sum.low), "\n");
}

// Only the proxy may say who the client is: anybody else could say anything.
std::string client_of(const oklo::Request& request) {
  std::string peer = request.peer();
  bool from_proxy = peer == "127.0.0.1" || peer == "unix";
  return from_proxy && request.has_header("X-Forwarded-For") ? std::string(request.header("X-Forwarded-For"))
                                                             : peer;
}

void show_client(const oklo::Request& request, oklo::Response& response) {
  response.text(client_of(request), " asks ", request.header("X-Forwarded-Proto"), "://", request.host(),
                request.target(), "\n");
}

void answer_later(const oklo::Request& request, oklo::Response& response) {
  oklo::log_line("slow " + std::string(request.method()));
  oklo::after(1000, [id = response.later()] {
    oklo::answer(id, [](oklo::Response& late) { late.text("at last\n"); });
  });
}

oklo::Router site(uint32_t ping_ms) {
  oklo::Router site;
  site.any("/client", show_client);
  site.upload("/sum", {.on_head = begin, .on_piece = add, .on_end = tell});
  site.any("/slow", answer_later);
  site.get("/broken", [](const oklo::Request&, oklo::Response& response) { response.fail(500); });
  site.post("/size", [](const oklo::Request& request, oklo::Response& response) {
    response.text(std::to_string(request.body().size()), "\n");
  });
  site.websocket("/ws", {
      .on_message = [](oklo::WebSocket& ws, std::string_view text) { ws.send(text); },
      .on_binary = [](oklo::WebSocket& ws, std::string_view bytes) { ws.send_binary(bytes); },
  }, {.ping_ms = ping_ms});
  return site;
}

std::string_view value_of(std::string_view word, std::string_view name) {
  return word.starts_with(name) ? word.substr(name.size()) : std::string_view();
}

uint32_t number(std::string_view text, uint32_t other) {
  return text.empty() ? other : static_cast<uint32_t>(std::atoi(std::string(text).c_str()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  oklo::ServerOptions options = {.workers = 2};
  uint32_t ping_ms = 30'000;
  for (int i = 2; i < argc; i++) {
    std::string_view word = argv[i];
    options.workers = number(value_of(word, "workers="), options.workers);
    ping_ms = number(value_of(word, "ping="), ping_ms);
  }
  oklo::Server server(std::move(options));
  server.http(argv[1], site(ping_ms));
  return server.run();
}

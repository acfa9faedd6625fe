// Relays TCP and unix sockets: tcp_proxy ADDRESS TARGET [WORKERS]
//
// Each side knows the other by its id. What one gets is sent to the other; when that does not take it as fast
// as it comes, reading stops until most has gone out, so the memory that a pair may take is bounded.
#include <oklo/oklo.h>

#include <string>

namespace {

struct Side {
  oklo::ConnectionId other;
};

oklo::ConnectionId other(oklo::Connection& c) { return c.state<Side>().other; }

oklo::StreamHandlers relay() {
  using oklo::Connection;
  oklo::StreamHandlers both;
  both.on_receive = [](Connection& c, std::string_view bytes) { oklo::send_to(other(c), bytes); };
  both.on_end = [](Connection& c) {
    oklo::with_connection(other(c), [](Connection& o) { o.shutdown_send(); });
  };
  both.on_buffer_full = [](Connection& c) {
    oklo::with_connection(other(c), [](Connection& o) { o.pause(); });
  };
  both.on_buffer_drain = [](Connection& c) {
    oklo::with_connection(other(c), [](Connection& o) { o.resume(); });
  };
  return both;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 100;
  std::string target = argv[2];

  oklo::StreamHandlers outer = relay();
  outer.on_connect = [](oklo::Connection& c) {
    bool there = oklo::with_connection(other(c), [](oklo::Connection& o) { o.resume(); });
    if (!there) c.close();
  };
  outer.on_close = [](oklo::Connection& c, oklo::CloseReason) { oklo::close_connection(other(c)); };
  static oklo::StreamClient client(std::move(outer));

  oklo::StreamHandlers inner = relay();
  inner.on_connect = [&target](oklo::Connection& c) {
    c.pause();
    oklo::ConnectionId id = c.id();
    c.state<Side>().other = client.connect(target, Side{id}, [id](std::string_view, std::string_view why) {
      oklo::log_line(why);
      oklo::close_connection(id);
    });
  };
  inner.on_close = [](oklo::Connection& c, oklo::CloseReason) { client.close(other(c)); };

  oklo::Server server({.workers = argc > 3 ? static_cast<unsigned>(std::stoi(argv[3])) : 0});
  server.tcp(argv[1], std::move(inner));
  return server.run();
}

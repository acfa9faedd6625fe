// Sends back what comes, over TCP: tcp_echo ADDRESS
#include <oklo/oklo.h>

int main(int argc, char** argv) {
  oklo::Server server;
  server.tcp(argc > 1 ? argv[1] : ":9501",
             {
                 .on_receive = [](oklo::Connection& c, std::string_view bytes) { c.send(bytes); },
                 // A client that sends and does not read is not read from either.
                 .on_buffer_full = [](oklo::Connection& c) { c.pause(); },
                 .on_buffer_drain = [](oklo::Connection& c) { c.resume(); },
             },
             {.idle_time_ms = 300'000});
  return server.run();
}

// Sends datagrams when it is told to: udp_ask ADDRESS [resolv=FILE] [hosts=FILE] [port=PORT]
//
// Lines over TCP, to one worker: "WHERE TEXT" sends the text there, as a datagram, and "forget WHERE" does
// what it says. Whatever comes, from wherever, is said to the one who spoke last: "WHERE: BYTES", and
// "WHERE failed: WHY". Names are looked up by the name servers that FILE names, at PORT.
#include <oklo/oklo.h>

#include <string>

namespace {

oklo::ConnectionId console;

void say(std::string_view where, std::string_view what, std::string_view text) {
  oklo::send_to(console, std::string(where) + std::string(what) + std::string(text) + "\n");
}

oklo::DatagramClient client({
    .on_receive = [](std::string_view from, std::string_view bytes) { say(from, ": ", bytes); },
    .on_failed = [](std::string_view where, std::string_view why) { say(where, " failed: ", why); },
});

void command(oklo::Connection& c, std::string_view line) {
  console = c.id();
  size_t end = std::min(line.find(' '), line.size());
  std::string_view where = line.substr(0, end);
  std::string_view text = line.substr(std::min(end + 1, line.size()));
  bool done = where == "forget" ? client.close(text) : client.send(where, text);
  c.send(done ? "done\n" : "no\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  oklo::ResolverOptions resolver;
  for (int i = 2; i < argc; i++) {
    std::string_view word = argv[i];
    if (word.starts_with("resolv=")) resolver.resolv_conf = word.substr(7);
    if (word.starts_with("hosts=")) resolver.hosts = word.substr(6);
    if (word.starts_with("port=")) resolver.port = static_cast<uint16_t>(std::stoul(argv[i] + 5));
  }
  oklo::Server server({.workers = 1});
  oklo::StreamOptions lines;
  lines.framing = {.kind = oklo::StreamFraming::Kind::delimiter, .delimiter = "\n"};
  server.tcp(argv[1], {.on_receive = command}, lines);
  server.on_worker_start([&resolver](unsigned) { oklo::set_resolver(resolver); });
  return server.run();
}

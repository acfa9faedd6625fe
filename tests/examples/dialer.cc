// Makes connections when it is told to, for tests and for looking:
// dialer ADDRESS [ADDRESS_OF_PROCESS] [resolv=FILE] [hosts=FILE] [port=PORT]
//
// Lines over TCP, to one worker: "open ADDRESS [MS]" makes a connection and says "N up", then "N: LINE" for
// each line that it gets, "N end", "N closed REASON", or "N failed: WHY". "send N TEXT" sends a line there,
// "finish N" ends the sending side, "close N" closes it, or gives it up. "many COUNT ADDRESS" opens that many
// and says how many are up when all are decided; "drop" closes all. A process of its own may be given an
// address, which it connects to once and says "hello" there; the log tells what it hears. Names are looked up
// by the name servers that FILE names, at PORT.
#include <oklo/oklo.h>

#include <map>
#include <string>
#include <vector>

namespace {

struct Tag {
  oklo::ConnectionId console;
  unsigned number = 0;  // 0: one of many
};

struct Many {
  oklo::ConnectionId console;
  unsigned left = 0, up = 0;
  std::string why;
};

std::map<unsigned, oklo::ConnectionId> opened;
unsigned last_number = 0;
Many many;

void say(const Tag& tag, const std::string& text) {
  oklo::send_to(tag.console, std::to_string(tag.number) + text + "\n");
}

void decided(bool up, std::string_view why) {
  if (up) many.up++;
  else many.why = why;
  if (--many.left > 0) return;
  oklo::send_to(many.console, "many: " + std::to_string(many.up) + " up " + many.why + "\n");
}

oklo::StreamHandlers handlers() {
  using oklo::Connection;
  oklo::StreamHandlers h;
  h.on_connect = [](Connection& c) {
    const Tag& tag = c.state<Tag>();
    if (tag.number) say(tag, " up to " + c.info().peer);
    else decided(true, {});
  };
  h.on_receive = [](Connection& c, std::string_view line) {
    if (c.state<Tag>().number) say(c.state<Tag>(), ": " + std::string(line));
  };
  h.on_end = [](Connection& c) { say(c.state<Tag>(), " end"); };
  h.on_close = [](Connection& c, oklo::CloseReason reason) {
    if (c.state<Tag>().number) say(c.state<Tag>(), " closed " + std::string(oklo::close_reason_name(reason)));
  };
  return h;
}

oklo::StreamFraming lines() {
  return {.kind = oklo::StreamFraming::Kind::delimiter, .message_bytes_max = 1000, .delimiter = "\n"};
}

oklo::StreamClient client(handlers(), {.connect_ms = 10'000, .stream = {.framing = lines()}});
oklo::StreamClient hasty(handlers(), {.connect_ms = 300, .stream = {.framing = lines()}});

std::string take_word(std::string_view& line) {
  size_t end = std::min(line.find(' '), line.size());
  std::string word(line.substr(0, end));
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

void open(oklo::Connection& c, std::string_view line) {
  Tag tag = {c.id(), ++last_number};
  std::string address = take_word(line);
  oklo::StreamClient& by = line == "hasty" ? hasty : client;
  opened[tag.number] = by.connect(address, tag, [tag](std::string_view to, std::string_view why) {
    say(tag, " failed: " + std::string(to) + ": " + std::string(why));
  });
}

void open_many(oklo::Connection& c, std::string_view line) {
  unsigned count = static_cast<unsigned>(std::stoul(take_word(line)));
  many = {c.id(), count, 0, {}};
  for (unsigned i = 0; i < count; i++)
    client.connect(line, Tag{c.id()}, [](std::string_view, std::string_view why) { decided(false, why); });
}

void command(oklo::Connection& c, std::string_view line) {
  std::string word = take_word(line);
  if (word == "open") return open(c, line);
  if (word == "many") return open_many(c, line);
  if (word == "drop") return client.each([](oklo::Connection& one) { one.abort(); });
  oklo::ConnectionId id = opened[static_cast<unsigned>(std::stoul(take_word(line)))];
  std::string text = std::string(line) + "\n";
  bool done = false;
  if (word == "send") done = oklo::send_to(id, text);
  if (word == "finish") done = oklo::with_connection(id, [](oklo::Connection& to) { to.shutdown_send(); });
  if (word == "close") done = client.close(id);
  c.send(done ? "done\n" : "no\n");
}

// In the process of its own.
void dial(const std::string& address) {
  using oklo::Connection;
  oklo::StreamHandlers h;
  h.on_connect = [](Connection& c) { c.send("hello\n"); };
  h.on_receive = [](Connection&, std::string_view line) { oklo::log_line("heard " + std::string(line)); };
  h.on_close = [](Connection&, oklo::CloseReason reason) {
    oklo::log_line("closed " + std::string(oklo::close_reason_name(reason)));
  };
  static oklo::StreamClient dialer(std::move(h), {.stream = {.framing = lines()}});
  dialer.connect(address, [](std::string_view, std::string_view why) { oklo::log_line(why); });
}

bool read_word(oklo::ResolverOptions& resolver, std::string_view word) {
  if (word.starts_with("resolv=")) resolver.resolv_conf = word.substr(7);
  else if (word.starts_with("hosts=")) resolver.hosts = word.substr(6);
  else if (word.starts_with("port=")) resolver.port = static_cast<uint16_t>(std::stoul(&word[5]));
  else return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  oklo::ResolverOptions resolver;
  while (argc > 2 && read_word(resolver, argv[argc - 1])) argc--;
  oklo::Server server({.workers = 1});
  server.tcp(argv[1], {.on_receive = command}, {.framing = lines()});
  server.on_worker_start([&resolver](unsigned) { oklo::set_resolver(resolver); });
  if (argc > 2) {
    std::string address = argv[2];
    auto start = [&resolver, address] {
      oklo::set_resolver(resolver);
      dial(address);
    };
    oklo::ProcessOptions options;
    options.on_stop = [] { oklo::log_line("told to leave"); };
    server.process("dialer", start, std::move(options));
  }
  return server.run();
}

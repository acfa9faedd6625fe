// Opens WebSockets when it is told to, for tests and for looking:
// ws_dialer ADDRESS [URL_OF_PROCESS] [hosts=FILE]
//
// Lines over TCP, to one worker: "open URL" opens one and says "N open SUBPROTOCOL", then "N: TEXT" for each
// text and "N got COUNT bytes" for each that is binary, "N closed CODE REASON", or "N failed: WHY". With
// "send N TEXT" it gets a text, with "bytes N COUNT" so many bytes; "close N [CODE]" closes it, or gives it
// up. "all TEXT" sends to each that is open. A process of its own may be given a URL, where it says "hello";
// the log tells what it hears. Names are those of FILE alone.
#include <oklo/oklo.h>

#include <map>
#include <string>

namespace {

struct Tag {
  oklo::ConnectionId console;
  unsigned number = 0;
};

std::map<unsigned, oklo::ConnectionId> opened;
unsigned last_number = 0;

void say(const Tag& tag, const std::string& text) {
  oklo::send_to(tag.console, std::to_string(tag.number) + text + "\n");
}

oklo::WebSocketClientHandlers handlers() {
  using oklo::WebSocket;
  using std::string_view;
  oklo::WebSocketClientHandlers h;
  h.on_open = [](WebSocket& ws, string_view chosen) { say(ws.state<Tag>(), " open " + std::string(chosen)); };
  h.on_message = [](WebSocket& ws, string_view text) { say(ws.state<Tag>(), ": " + std::string(text)); };
  h.on_binary = [](WebSocket& ws, string_view bytes) {
    say(ws.state<Tag>(), " got " + std::to_string(bytes.size()) + " bytes");
  };
  h.on_close = [](WebSocket& ws, uint16_t code, string_view reason) {
    say(ws.state<Tag>(), " closed " + std::to_string(code) + " " + std::string(reason));
  };
  return h;
}

oklo::WebSocketClientOptions options() {
  oklo::WebSocketClientOptions o;
  o.headers = {{"X-From", "ws_dialer"}};
  o.handshake_ms = 500;
  o.socket.message_bytes = 16 << 20;
  o.socket.subprotocols = {"chat.2", "chat.1"};
  return o;
}

oklo::WebSocketClient client(handlers(), options());

std::string take_word(std::string_view& line) {
  size_t end = std::min(line.find(' '), line.size());
  std::string word(line.substr(0, end));
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

void open(oklo::Connection& c, std::string_view url) {
  Tag tag = {c.id(), ++last_number};
  opened[tag.number] = client.connect(url, tag, [tag](std::string_view, std::string_view why) {
    say(tag, " failed: " + std::string(why));
  });
}

bool close(oklo::ConnectionId id, std::string_view code) {
  if (code.empty()) return client.close(id);
  uint16_t number = static_cast<uint16_t>(std::stoul(std::string(code)));
  bool done = false;
  client.each([&](oklo::WebSocket& ws) {
    if (ws.id() != id) return;
    ws.close(number, "by hand");
    done = true;
  });
  return done;
}

void command(oklo::Connection& c, std::string_view line) {
  std::string word = take_word(line);
  if (word == "open") return open(c, line);
  if (word == "all") return client.each([line](oklo::WebSocket& ws) { ws.send(line); });
  oklo::ConnectionId id = opened[static_cast<unsigned>(std::stoul(take_word(line)))];
  bool done = false;
  if (word == "send") done = oklo::send_to(id, line);
  if (word == "bytes") done = oklo::send_binary_to(id, std::string(std::stoul(std::string(line)), 'x'));
  if (word == "close") done = close(id, line);
  c.send(done ? "done\n" : "no\n");
}

// In the process of its own.
void dial(const std::string& url) {
  oklo::WebSocketClientHandlers h;
  h.on_open = [](oklo::WebSocket& ws, std::string_view) { ws.send("hello"); };
  h.on_message = [](oklo::WebSocket&, std::string_view text) {
    oklo::log_line("heard " + std::string(text));
  };
  h.on_close = [](oklo::WebSocket&, uint16_t code, std::string_view) {
    oklo::log_line("closed " + std::to_string(code));
  };
  static oklo::WebSocketClient dialer(std::move(h));
  dialer.connect(url, [](std::string_view, std::string_view why) { oklo::log_line(why); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  oklo::ResolverOptions resolver = {.resolv_conf = "/nowhere"};
  std::string url;
  for (int i = 2; i < argc; i++) {
    std::string_view word = argv[i];
    if (word.starts_with("hosts=")) resolver.hosts = word.substr(6);
    else url = word;
  }
  oklo::Server server({.workers = 1});
  oklo::StreamOptions lines;
  lines.framing = {.kind = oklo::StreamFraming::Kind::delimiter, .delimiter = "\n"};
  server.tcp(argv[1], {.on_receive = command}, lines);
  server.on_worker_start([&resolver](unsigned) { oklo::set_resolver(resolver); });
  if (!url.empty()) server.process("dialer", [url] { dial(url); });
  return server.run();
}

// What is served by coroutines: coroutines ADDRESS [PROXY_ADDRESS TARGET [HTTP_ADDRESS]]
//
// Lines over TCP, each with one answer: "echo TEXT"; "nap MS" answers so much later; "hash MS TEXT" has a
// task worker make a slow hash, and waits for it at most so long; "ask ADDRESS TEXT" sends a line to another
// server and gives its answer, and "within MS ADDRESS TEXT" waits for it at most so long; "patience MS" waits
// for each line from then on at most so long; "flood BYTES" sends as much; "quit". At the second address a
// proxy relays what comes to TARGET, another one's or its own. Over HTTP, POST /hash?ms=MS and
// /ask?address=ADDRESS do the same for the body, GET /count/N counts slowly, and a WebSocket at /ws gets the
// answers to its lines.
#include <oklo/oklo.h>

#include <poll.h>

#include <string>

namespace {

using oklo::CloseReason;
using oklo::Co;
using oklo::Stream;

std::string take_word(std::string& line) {
  size_t end = std::min(line.find(' '), line.size());
  std::string word = line.substr(0, end);
  line.erase(0, end + 1);
  return word;
}

Co<std::string> hash(uint64_t patience_ms, std::string text) {
  oklo::TaskAnswer answer = co_await oklo::taskwait("hash", text, patience_ms);
  if (answer) co_return answer.bytes;
  if (answer.state == oklo::TaskAnswer::State::late) co_return "no result yet";
  co_return "no result: " + answer.reason;
}

Co<std::string> ask(std::string address, std::string question, uint32_t patience_ms = 0) {
  Stream other = co_await oklo::connect(address, 1000);
  if (!other) co_return std::string(other.error());
  other.set_read_time(patience_ms);
  question += '\n';
  co_await other.write(question);
  auto answer = co_await other.read_line();
  if (other.closed() == CloseReason::idle_timeout) co_return "no answer in time";
  if (!answer) co_return "no answer";
  co_return std::string(*answer);
}

Co<std::string> flood(Stream& peer, size_t bytes) {
  const std::string piece(65536, 'x');
  for (size_t left = bytes; left > 0;) {
    size_t size = std::min(left, piece.size());
    if (!co_await peer.write(std::string_view(piece).substr(0, size))) co_return "gone";
    left -= size;
  }
  co_return "";
}

Co<std::string> answer(Stream& peer, std::string line) {
  std::string command = take_word(line);
  if (command == "echo") co_return line;
  if (command == "nap") co_await oklo::sleep_ms(std::stoul(line));
  if (command == "nap") co_return "awake";
  if (command == "hash") {
    uint64_t patience_ms = std::stoul(take_word(line));
    co_return co_await hash(patience_ms, line);
  }
  if (command == "ask") {
    std::string address = take_word(line);
    co_return co_await ask(address, line);
  }
  if (command == "within") {
    uint32_t patience_ms = static_cast<uint32_t>(std::stoul(take_word(line)));
    std::string address = take_word(line);
    co_return co_await ask(address, line, patience_ms);
  }
  if (command == "patience") {
    peer.set_read_time(static_cast<uint32_t>(std::stoul(line)));
    co_return "as you like";
  }
  if (command == "flood") co_return co_await flood(peer, std::stoul(line));
  co_return "what?";
}

// Writes down when the coroutine of a connection ends, however it does.
struct Farewell {
  ~Farewell() { oklo::log_line("a conversation has ended"); }
};

Co<> converse(Stream peer) {
  Farewell farewell;
  while (auto line = co_await peer.read_line(1000)) {
    if (*line == "quit") break;
    std::string text(*line);
    std::string words = co_await answer(peer, text);
    words += '\n';
    co_await peer.write(words);
  }
  if (peer.closed() == CloseReason::idle_timeout) oklo::log_line("a peer was silent for too long");
}

// ---------------------------------------------------------------- the proxy

Co<> pump(Stream& from, Stream& to) {
  while (auto bytes = co_await from.read())
    if (!co_await to.write(*bytes)) co_return;
  to.shutdown_send();
}

Co<> relay(Stream& client, const std::string& target) {
  Stream server = co_await oklo::connect(target);
  if (server) co_await oklo::all(pump(client, server), pump(server, client));
  else oklo::log_line(server.error());
}

// ---------------------------------------------------------------- HTTP

// Writes down when the coroutine of a request ends.
struct Goodbye {
  ~Goodbye() { oklo::log_line("a request has ended"); }
};

Co<> post_hash(oklo::HttpCall call) {
  Goodbye goodbye;
  uint64_t patience_ms = std::stoul(call.request().query_param("ms").value_or("1000"));
  std::string text(call.request().body());
  std::string words = co_await hash(patience_ms, text);
  call.answer([&words](oklo::Response& response) { response.text(words, "\n"); });
}

Co<> post_ask(oklo::HttpCall call) {
  Goodbye goodbye;
  std::string address = call.request().query_param("address").value_or("");
  std::string question(call.request().body());
  std::string words = co_await ask(address, question);
  call.answer([&words](oklo::Response& response) { response.text(words, "\n"); });
}

Co<> count(oklo::HttpCall call) {
  Goodbye goodbye;
  unsigned long last = std::stoul(std::string(call.request().param("last")));
  for (unsigned long i = 1; i <= last; i++) {
    co_await oklo::sleep_ms(5);
    std::string line = std::to_string(i) + "\n";
    if (!call.answer([&line](oklo::Response& response) { response.write(line); })) co_return;
  }
  call.answer([](oklo::Response& response) { response.end(); });
}

// A WebSocket is known by its id. Messages that take different times overtake each other.
Co<> hear(oklo::ConnectionId from, std::string text) {
  Stream nobody;
  std::string words = co_await answer(nobody, text);
  oklo::send_to(from, words);
}

oklo::Router site() {
  oklo::Router site;
  site.post("/hash", post_hash);
  site.post("/ask", post_ask);
  site.get("/count/:last", count);
  site.websocket("/ws", {.on_message = [](oklo::WebSocket& ws, std::string_view text) {
                   oklo::spawn(hear(ws.id(), std::string(text)));
                 }});
  return site;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  oklo::Server server({.workers = 2, .task_workers = 1});
  server.tcp(argv[1], converse);
  std::string target = argc > 3 ? argv[3] : "";
  if (argc > 3) server.tcp(argv[2], [&target](Stream client) -> Co<> { co_await relay(client, target); });
  if (argc > 4) server.http(argv[4], site());
  server.task("hash", [](oklo::Task& task) {
    if (task.bytes() == "slow") poll(nullptr, 0, 400);
    uint32_t sum = 0;
    for (char c : task.bytes()) sum = sum * 31 + static_cast<unsigned char>(c);
    task.finish(std::to_string(sum));
  });
  return server.run();
}

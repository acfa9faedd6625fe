// Numbered messages, for tests of what becomes of them when a worker dies: numbers ADDRESS TCP-ADDRESS
// [WORD]...
// A message is "NAME NUMBER", over the raw stream a line, over the WebSocket /ws a text, over HTTP the body
// of POST /say. The answer is "NUMBER WORKER PID TIMES": who handled it, and how often that was begun.
// Numbers of a name must grow; one that does not is answered with "disorder". "NAME NUMBER hold" is handled
// for ever by the first worker that gets it, "NAME NUMBER die" kills each one that gets it, and "NAME NUMBER
// USER" makes that number the user of a stream or a WebSocket, for the messages behind it. POST /size
// answers with the size of its body.
// WORDs: control=PATH log=PATH (of a file for a line "NAME NUMBER PID" of each message that is begun)
// workers=N threads=N max_requests=N work=MICROSECONDS (of each message) death=close|lose|redeliver
// dispatch=connection|round_robin|idle|peer|user|function (by the first byte of the message, or 99 for one
// of 9; at one of ! it hangs) watchdog=MS replace.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <oklo/oklo.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

namespace {

oklo::Table begun({.rows = 16384, .columns = {{"number"}, {"times"}}});

std::chrono::microseconds work{0};

std::string log_path;

void do_work() {
  auto end = std::chrono::steady_clock::now() + work;
  while (work.count() && std::chrono::steady_clock::now() < end) {}
}

std::string_view take_word(std::string_view& line) {
  size_t end = line.find(' ');
  std::string_view word = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return word;
}

void log_begin(std::string_view name, int64_t number) {
  if (log_path.empty()) return;
  static const int fd = open(log_path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  std::string line = std::string(name) + " " + std::to_string(number) + " " + std::to_string(getpid()) + "\n";
  if (write(fd, line.data(), line.size()) < 0) _exit(1);
}

template <class Session>
void bind_as_told(Session& session, std::string_view message) {
  take_word(message);
  take_word(message);
  if (uint64_t user = std::strtoull(std::string(message).c_str(), nullptr, 10)) session.bind(user);
}

std::string handle(std::string_view message) {
  std::string_view name = take_word(message);
  int64_t number = std::atoll(std::string(take_word(message)).c_str());
  int64_t last = begun.integer(name, "number").value_or(0);
  if (number < last) return "disorder";
  int64_t times = number == last ? begun.integer(name, "times").value_or(0) + 1 : 1;
  log_begin(name, number);
  begun.set(name, {{"number", number}, {"times", times}});
  if (message == "hold" && times == 1) {
    oklo::log_line("holds " + std::string(name));
    for (;;) pause();
  }
  if (message == "die") kill(getpid(), SIGKILL);
  do_work();
  return std::to_string(number) + " " + std::to_string(oklo::worker_number()) + " " +
         std::to_string(getpid()) + " " + std::to_string(times);
}

oklo::Router site() {
  oklo::Router router;
  router.post("/say", [](const oklo::Request& request, oklo::Response& response) {
    response.text(handle(request.body()));
  });
  router.post("/size", [](const oklo::Request& request, oklo::Response& response) {
    response.text(std::to_string(request.body().size()));
  });
  oklo::WebSocketHandlers handlers;
  handlers.on_message = [](oklo::WebSocket& ws, std::string_view text) {
    bind_as_told(ws, text);
    ws.send(handle(text));
  };
  router.websocket("/ws", std::move(handlers));
  return router;
}

unsigned by_first_byte(const oklo::DispatchMessage& message) {
  while (message.bytes.starts_with('!')) pause();
  if (message.bytes.starts_with('9')) return 99;
  return message.bytes.empty() ? 0 : static_cast<unsigned char>(message.bytes[0]) % message.workers;
}

void set_word(oklo::ServerOptions& options, std::string_view word) {
  static const std::map<std::string_view, oklo::Dispatch> kDispatches = {
      {"dispatch=connection", oklo::Dispatch::connection},
      {"dispatch=round_robin", oklo::Dispatch::round_robin},
      {"dispatch=idle", oklo::Dispatch::idle},
      {"dispatch=peer", oklo::Dispatch::peer},
      {"dispatch=user", oklo::Dispatch::user},
      {"dispatch=function", oklo::Dispatch::function}};
  static const std::map<std::string_view, oklo::OnWorkerDeath> kDeaths = {
      {"death=close", oklo::OnWorkerDeath::close},
      {"death=lose", oklo::OnWorkerDeath::lose},
      {"death=redeliver", oklo::OnWorkerDeath::redeliver}};
  if (auto found = kDispatches.find(word); found != kDispatches.end()) options.dispatch = found->second;
  if (auto found = kDeaths.find(word); found != kDeaths.end()) options.on_worker_death = found->second;
  unsigned value = static_cast<unsigned>(std::atoi(word.data() + word.find('=') + 1));
  if (word.starts_with("control=")) options.control = word.substr(8);
  if (word.starts_with("log=")) log_path = word.substr(4);
  if (word.starts_with("max_requests=")) options.max_requests = value;
  if (word.starts_with("workers=")) options.workers = value;
  if (word.starts_with("work=")) work = std::chrono::microseconds(value);
  if (word.starts_with("threads=")) options.reactor_threads = value;
  if (word.starts_with("watchdog=")) options.watchdog_ms = value;
  if (word == "replace") options.watchdog_action = oklo::WatchdogAction::replace;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 100;
  oklo::ServerOptions options;
  options.control = "off";
  for (int i = 3; i < argc; i++) set_word(options, argv[i]);
  oklo::Server server(options);
  server.http(argv[1], site(), {.body_bytes = 16 << 20});
  server.tcp(argv[2],
             {.on_receive =
                  [](oklo::Connection& c, std::string_view line) {
                    bind_as_told(c, line);
                    c.send(handle(line) + "\n");
                  }},
             {.framing = {.kind = oklo::StreamFraming::Kind::delimiter, .delimiter = "\n"}});
  server.on_dispatch(by_first_byte);
  return server.run();
}

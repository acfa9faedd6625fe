// A process of the program's own that tells the time to WebSockets: ticker ADDRESS [WORD]...
// A WebSocket at /ws is in the room "time": it hears "ticker TICK" every 100 ms and "signal" at SIGRTMIN+2.
// A message to it is passed on to the process, which tells it to the whole room. Words: with block its
// function never returns, with exits=N it exits, restart=never and restart=on_failure say when it is started
// again, name= what it is called; timeout=MS, control=PATH and single are options of the server.
#include <oklo/oklo.h>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr unsigned kWorkers = 3;

struct Wishes {
  bool blocks = false;  // in start, for ever
  int exits_with = -1;
  std::string name = "ticker";
  oklo::ServerOptions server = {.workers = kWorkers};
  oklo::ProcessOptions process;
};

std::string_view value_of(std::string_view word, std::string_view name) {
  return word.starts_with(name) ? word.substr(name.size()) : std::string_view();
}

void read_word(Wishes& wishes, std::string_view word) {
  if (word == "block") wishes.blocks = true;
  if (word == "single") wishes.server.debug_single = true;
  if (word == "restart=never") wishes.process.restart = oklo::ProcessRestart::never;
  if (word == "restart=on_failure") wishes.process.restart = oklo::ProcessRestart::on_failure;
  std::string code(value_of(word, "exits="));
  if (!code.empty()) wishes.exits_with = std::atoi(code.c_str());
  std::string timeout(value_of(word, "timeout="));
  if (!timeout.empty()) wishes.server.shutdown_timeout_ms = static_cast<uint32_t>(std::atoi(timeout.c_str()));
  if (word.starts_with("name=")) wishes.name = value_of(word, "name=");
  if (word.starts_with("control=")) wishes.server.control = value_of(word, "control=");
}

void tick(int count) { oklo::room("time").send("ticker " + std::to_string(count)); }

// What the process does, from its beginning to its end.
void run_ticker(const Wishes& wishes) {
  oklo::log_line("the ticker begins as " + std::to_string(oklo::worker_number()) + ", generation " +
                 std::to_string(oklo::generation()));
  if (wishes.exits_with >= 0) oklo::after(20, [code = wishes.exits_with] { _exit(code); });
  if (!wishes.blocks) {
    oklo::every(100, [count = 0]() mutable { tick(++count); });
    return;
  }
  for (int count = 1;; count++) {
    tick(count);
    poll(nullptr, 0, 100);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Wishes wishes;
  for (int i = 2; i < argc; i++) read_word(wishes, argv[i]);
  wishes.process.on_stop = [] { oklo::log_line("the ticker ends"); };
  oklo::Router site;
  site.websocket("/ws", {
      .on_open = [](oklo::WebSocket& ws) {
        ws.join("time");
        ws.send("worker " + std::to_string(oklo::worker_number()));
      },
      .on_message = [](oklo::WebSocket&, std::string_view text) {
        oklo::send_message(oklo::worker_count() + 1, text);
      },
  });
  oklo::Server server(std::move(wishes.server));
  server.http(argc > 1 ? argv[1] : "127.0.0.1:8080", std::move(site));
  server.process(wishes.name, [&wishes] { run_ticker(wishes); }, std::move(wishes.process));
  server.on_message([](unsigned from, std::string_view bytes) {
    oklo::room("time").send(std::to_string(from) + " said " + std::string(bytes));
  });
  server.on_signal(SIGRTMIN + 2, oklo::SignalPlace::workers, [](int) {
    if (oklo::worker_number() > oklo::worker_count()) oklo::room("time").send("signal");
  });
  server.on_worker_error([](unsigned number, int, int) {
    oklo::log_line("error of worker " + std::to_string(number));
  });
  return server.run();
}

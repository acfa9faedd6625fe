// Workers come and go, and the program hears of it: lifecycle ADDRESS [WORD]...
// /die ends a worker, /hang keeps one busy for ever and /where tells the address of the culprit; a WebSocket
// at /ws gets its messages back; max=N, affinity, watchdog=MS, replace and single are options of the server.
#include <oklo/oklo.h>

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

int reloads = 0;  // in the master; the workers of each generation have a copy

// Busy for ever; a function of its own, so that it can be found in a stack.
__attribute__((noinline)) void hang() {
  for (volatile bool busy = true; busy;) getppid();
}

std::string hexadecimal(const void* address) {
  char digits[20];
  char* end = std::to_chars(digits, digits + sizeof digits, reinterpret_cast<uintptr_t>(address), 16).ptr;
  return std::string(digits, end);
}

unsigned number_behind(std::string_view word, std::string_view name) {
  unsigned number = 0;
  if (word.starts_with(name)) std::from_chars(word.data() + name.size(), word.data() + word.size(), number);
  return number;
}

oklo::ServerOptions options_of(int count, char** words) {
  oklo::ServerOptions options = {.workers = 2};
  for (int i = 2; i < count; i++) {
    std::string_view word = words[i];
    if (word.starts_with("max=")) options.max_requests = number_behind(word, "max=");
    if (word.starts_with("watchdog=")) options.watchdog_ms = number_behind(word, "watchdog=");
    if (word == "replace") options.watchdog_action = oklo::WatchdogAction::replace;
    if (word == "affinity") options.affinity = true;
    if (word == "single") options.debug_single = true;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.get("/", [](const oklo::Request&, oklo::Response& response) {
    response.text("worker ", std::to_string(oklo::worker_number()), ", process ", std::to_string(getpid()),
                  ", reloads ", std::to_string(reloads), "\n");
  });
  site.get("/hang", [](const oklo::Request&, oklo::Response&) { hang(); });
  site.get("/where", [](const oklo::Request&, oklo::Response& response) {
    response.text(hexadecimal(reinterpret_cast<const void*>(&hang)), "\n");
  });
  site.get("/die", [](const oklo::Request&, oklo::Response&) { _exit(3); });
  site.websocket("/ws", {.on_message = [](oklo::WebSocket& ws, std::string_view text) { ws.send(text); }});
  oklo::Server server(options_of(argc, argv));
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site));
  server.on_up([](const std::vector<std::string>& addresses) { oklo::log_line("up at " + addresses[0]); });
  server.on_worker_start([](unsigned number) { oklo::log_line("start of " + std::to_string(number)); });
  server.on_worker_stop([](unsigned number) { oklo::log_line("stop of " + std::to_string(number)); });
  server.on_worker_error([](unsigned number, int pid, int wait_status) {
    oklo::log_line("error of " + std::to_string(number) + ", process " + std::to_string(pid) + ", status " +
                   std::to_string(wait_status));
  });
  auto tell_signal = [](int number) { oklo::log_line("signal " + std::to_string(number)); };
  server.on_signal(SIGWINCH, oklo::SignalPlace::master, tell_signal);
  server.on_signal(SIGRTMIN + 2, oklo::SignalPlace::workers, tell_signal);
  server.on_reload([] { oklo::log_line("reload " + std::to_string(++reloads)); });
  return server.run();
}

// What a worker does between its requests: timers ADDRESS
// /start starts two timers, /count tells how often they were called, /many adds ten thousand more.
#include <oklo/oklo.h>

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace {

int ticks = 0;
int heard = 0;
oklo::TimerId ticking;

// A pipe of the worker's own: what comes out of one end was written to the other by a timer.
void watch_a_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return oklo::log_line("there is no pipe");
  oklo::watch_fd(ends[0], oklo::fd_readable, [from = ends[0]](uint32_t) {
    char bytes[16];
    heard += static_cast<int>(read(from, bytes, sizeof bytes));
  });
  oklo::every(20, [to = ends[1]] { (void)!write(to, "x", 1); });
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.get("/start", [](const oklo::Request&, oklo::Response& response) {
    oklo::cancel(ticking);
    ticks = heard = 0;
    ticking = oklo::every(10, [] { ticks++; });
    watch_a_pipe();
    oklo::defer([] { oklo::log_line("the timers run"); });
    response.text("worker ", std::to_string(oklo::worker_number()), " of ",
                  std::to_string(oklo::worker_count()), ", generation ", std::to_string(oklo::generation()),
                  "\n");
  });
  site.get("/count", [](const oklo::Request&, oklo::Response& response) {
    response.text(std::to_string(ticks), " ", std::to_string(heard), "\n");
  });
  site.get("/cancel", [](const oklo::Request&, oklo::Response& response) {
    oklo::cancel(ticking);
    oklo::cancel(ticking);
    response.text(std::to_string(ticks), "\n");
  });
  site.get("/many", [](const oklo::Request&, oklo::Response& response) {
    for (int i = 0; i < 10'000; i++) oklo::after(static_cast<uint64_t>(i % 50), [] { ticks++; });
    response.text("10000 timers\n");
  });
  oklo::Server server({.workers = 1});
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site));
  return server.run();
}

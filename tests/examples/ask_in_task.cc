// Asks another server in a task, which may wait: ask_in_task ADDRESS TARGET
//
// GET /TEXT answers with the line that TARGET says to TEXT, or with 502 and why there is none; no handler
// waits for it.
#include <oklo/oklo.h>

#include <optional>
#include <string>

namespace {

void ask(oklo::Task& task, const std::string& target) {
  oklo::SyncClient client({.timeout_ms = 500});
  std::optional<std::string> line;
  if (client.connect(target) && client.send(std::string(task.bytes()) + "\n")) line = client.read_line();
  if (line) task.finish(*line);
  else task.fail(client.error());
}

void start(const oklo::Request& request, oklo::Response& response) {
  oklo::RequestId id = response.later();
  auto tell = [id](const oklo::TaskOutcome& outcome) {
    oklo::answer(id, [&outcome](oklo::Response& late) {
      if (!outcome) late.status(502);
      late.text(outcome ? outcome.bytes : outcome.reason, "\n");
    });
  };
  oklo::TaskStarted started = oklo::task("ask", request.param("text"), tell);
  if (started) return;
  oklo::answer(id, [](oklo::Response& late) { late.fail(503); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 100;
  std::string target = argv[2];
  oklo::Router site;
  site.get("/:text", start);
  oklo::Server server({.workers = 1, .task_workers = 2});
  server.http(argv[1], std::move(site));
  server.task("ask", [target](oklo::Task& task) { ask(task, target); });
  return server.run();
}

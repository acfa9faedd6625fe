// A program that reads a configuration of its own, and again at each reload: renewed ADDRESS FILE CONTROL
//
// The file has a line "NAME VALUE" for what is to be other than it is: workers, tasks (task workers), timeout
// (for old ones to leave, in ms), text (the answer to GET /), bad (why the file can't be used), and "die MS":
// each worker ends itself so long after its begin. GET /slow answers when a task has slept for 50 ms.
#include <oklo/oklo.h>

#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <string>

namespace {

using Values = std::map<std::string, std::string>;

Values read_values(const std::string& path) {
  Values values = {{"workers", "1"}, {"tasks", "1"}, {"timeout", "30000"}, {"text", "none"}};
  std::ifstream file(path);
  for (std::string name, value; file >> name >> value;) values[name] = value;
  return values;
}

void answer_slowly(const oklo::Request&, oklo::Response& response) {
  oklo::RequestId id = response.later();
  oklo::task("sleep", "", [id](const oklo::TaskOutcome& outcome) {
    oklo::answer(id, [&outcome](oklo::Response& late) { late.text(outcome ? "done" : outcome.reason); });
  });
}

oklo::Server make_server(const std::string& address, const std::string& control, const Values& values) {
  auto number = [&values](const char* name) { return static_cast<uint32_t>(std::stoul(values.at(name))); };
  oklo::Server server({.workers = number("workers"), .control = control,
                       .shutdown_timeout_ms = number("timeout"), .task_workers = number("tasks")});
  oklo::Router site;
  site.get("/", [text = values.at("text")](const oklo::Request&, oklo::Response& r) { r.text(text); });
  site.get("/slow", answer_slowly);
  server.http(address, std::move(site));
  server.task("sleep", [](oklo::Task& task) {
    poll(nullptr, 0, 50);
    task.finish("");
  });
  if (values.contains("die"))
    server.on_worker_start([ms = number("die")](unsigned) { oklo::after(ms, [] { _exit(3); }); });
  server.on_up([](const auto&) { oklo::log_line("a server is up"); });
  return server;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 100;
  std::string address = argv[1], path = argv[2], control = argv[3];
  oklo::Server server = make_server(address, control, read_values(path));
  server.on_configure([=] {
    oklo::Reconfiguration next;
    Values values = read_values(path);
    if (values.contains("bad")) next.fault = values["bad"];
    else next.server.emplace(make_server(address, control, values));
    return next;
  });
  return server.run();
}

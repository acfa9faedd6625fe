// A directory with listings at /, a handler and the state of the service beside it: files ADDRESS [DIRECTORY]
// It has limits for a small machine: short heads, short patience, few connections, a line for each answer.
#include <oklo/oklo.h>

int main(int argc, char** argv) {
  oklo::Router site;
  site.files("/", argc > 2 ? argv[2] : ".", {.index = "README.html", .listing = true});
  site.get("/whoami", [](const oklo::Request& request, oklo::Response& response) {
    response.text(request.peer(), " with ", request.header("User-Agent"), "\n");
  });
  site.status("/status.json");

  oklo::HttpLimits limits;
  limits.header_bytes = 2000;
  limits.header_time_ms = 1000;
  limits.write_stall_ms = 1000;
  limits.requests = 100;
  oklo::Server server({.workers = 1, .access_log = "stderr", .connections_max = 400});
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site), limits);
  return server.run();
}

// Workers that write to each other: messages ADDRESS
// /send/NUMBER/TEXT sends to a worker, /all/TEXT to every one, /fill/NUMBER until its mailbox is full. What
// comes stands in the log.
#include <oklo/oklo.h>

#include <cstdlib>
#include <string>

namespace {

unsigned number_in(const oklo::Request& request) {
  return static_cast<unsigned>(std::strtoul(std::string(request.param("number")).c_str(), nullptr, 10));
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.get("/send/:number/:text", [](const oklo::Request& request, oklo::Response& response) {
    bool sent = oklo::send_message(number_in(request), request.param("text"));
    response.text(sent ? "sent by " : "not sent by ", std::to_string(oklo::worker_number()), "\n");
  });
  site.get("/all/:text", [](const oklo::Request& request, oklo::Response& response) {
    unsigned sent = 0;
    for (unsigned i = 1; i <= oklo::worker_count(); i++) sent += oklo::send_message(i, request.param("text"));
    response.text(std::to_string(sent), "\n");
  });
  site.get("/fill/:number", [](const oklo::Request& request, oklo::Response& response) {
    unsigned sent = 0;
    while (oklo::send_message(number_in(request), "filling")) sent++;
    response.text(std::to_string(sent), "\n");
  });
  oklo::Server server({.workers = 3});
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site));
  server.on_message([](unsigned from, std::string_view bytes) {
    oklo::log_line("from " + std::to_string(from) + ": " + std::string(bytes));
  });
  server.on_up([](const std::vector<std::string>&) {
    for (unsigned i = 1; i <= oklo::worker_count(); i++) oklo::send_message(i, "the master is up");
  });
  return server.run();
}

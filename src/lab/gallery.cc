#include "lab/gallery.h"

#include <cstdlib>
#include <string>

#include "base/number.h"

#include <oklo/server.h>
#include <oklo/worker.h>

namespace oklo::lab {

namespace {

constexpr unsigned kReactorThreads = 2;

Router hello() {
  Router site;
  site.get("/", [](const Request&, Response& response) {
    response.header("Content-Type", "text/plain");
    response.header("X-Worker", decimal(worker_number() - 1));
    response.send("hello\n");
  });
  return site;
}

// The mode is the one that was asked for, whatever the environment says.
Result<void> run_server(models::Stage& stage, ServerMode mode) {
  unsetenv("OKLO_MODE");
  ServerOptions options;
  options.mode = mode;
  options.workers = stage.workers;
  options.reactor_threads = kReactorThreads;
  options.control = "off";
  Server server(options);
  server.http(stage.address.to_string(), hello());
  server.on_up([&stage](const std::vector<std::string>& addresses) {
    if (Result<sys::Address> address = sys::Address::parse(addresses[0])) stage.listening(*address);
  });
  int code = server.run();
  if (code != 0) return Error{0, "the server ended with " + decimal(static_cast<uint64_t>(code))};
  return {};
}

Result<void> run_base(models::Stage& stage) { return run_server(stage, ServerMode::base); }
Result<void> run_process(models::Stage& stage) { return run_server(stage, ServerMode::process); }

std::vector<models::Model> with_oklo(std::vector<models::Model> models) {
  models.push_back({"base", "oklo itself: a master keeps workers, each of which accepts, reads and answers",
                    "kill -9 a worker, see ps(1), and ask again: another one has its place", true, run_base});
  models.push_back({"process", "oklo in process mode: threads have the connections, workers answer",
                    "hold a connection with nc(1), kill -9 a worker: the connection is still there", true,
                    run_process});
  return models;
}

}  // namespace

const std::vector<models::Model>& gallery() {
  static const std::vector<models::Model> kGallery = with_oklo(models::catalogue());
  return kGallery;
}

const models::Model* find_model(std::string_view name) {
  for (const models::Model& model : gallery())
    if (model.name == name) return &model;
  return nullptr;
}

}  // namespace oklo::lab

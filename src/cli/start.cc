#include <memory>
#include <string>

#include "base/number.h"
#include "cli/commands.h"
#include "config/changes.h"
#include "config/load.h"
#include "config/make_server.h"
#include "sys/file.h"
#include "sys/stderr.h"

namespace oklo::cli {

namespace {

Result<std::string> path_of(const Options& options) {
  return options.config.empty() ? config::default_path() : options.config;
}

config::Loaded checked(const std::string& path) {
  config::Loaded loaded = config::load(path);
  config::check_host(loaded);
  return loaded;
}

int complain_of(const config::Loaded& loaded) {
  sys::print(2, loaded.faults.to_text());
  return kUsage;
}

// What the command line says is stronger than the file.
config::Config with_flags(config::Config config, const ServerOptions& flags) {
  config.server.daemon = flags.daemon;
  if (!flags.control.empty()) config.server.control = flags.control;
  if (!flags.pid_file.empty()) config.server.pid_file = flags.pid_file;
  return config;
}

// What `running` is to become. It is that when the server has taken over.
Reconfiguration read_again(const std::string& path, const ServerOptions& flags,
                           const std::shared_ptr<config::Config>& running) {
  config::Loaded loaded = checked(path);
  if (!loaded.ok()) return {.fault = loaded.faults.to_text()};
  config::Config next = with_flags(std::move(loaded.config), flags);
  if (next == *running) return {};
  Reconfiguration wanted;
  wanted.changes = config::changes(*running, next);
  wanted.server.emplace(config::make_server(next));
  wanted.server->on_up([running, next = std::move(next)](const auto&) { *running = next; });
  return wanted;
}

}  // namespace

int run_check(const Command&, const Options& options) {
  Result<std::string> path = path_of(options);
  if (!path) return complain(path.error().text, kUsage);
  config::Loaded loaded = checked(*path);
  if (!loaded.ok()) return complain_of(loaded);
  size_t count = loaded.config.listeners.size();
  return show(*path + " is right: " + decimal(count) + (count == 1 ? " listener\n" : " listeners\n"));
}

// By its path from the root, for a service in the background stands there.
int run_start(const Command&, const Options& options) {
  Result<std::string> path = path_of(options);
  if (!path) return complain(path.error().text, kUsage);
  const std::string file = sys::absolute_path(*path);
  config::Loaded loaded = checked(file);
  if (!loaded.ok()) return complain_of(loaded);
  auto running = std::make_shared<config::Config>(with_flags(std::move(loaded.config), options.server));
  Server server = config::make_server(*running);
  server.on_configure(
      [file, flags = options.server, running] { return read_again(file, flags, running); });
  server.on_up([](const std::vector<std::string>& addresses) {
    std::string text = "oklo: listening on";
    for (const std::string& address : addresses) text += " " + address;
    sys::print(2, text + "\n");
  });
  return server.run();
}

}  // namespace oklo::cli
